package mw_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/mw"
)

const sentinel = "s3ntinel"

// secretKeys are the query keys that usually hold a secret: OAuth 2.0 and OpenID Connect, signed URLs of the large
// clouds, API keys, sessions, one-time codes, password forms.
var secretKeys = []string{
	"access_token", "id_token", "refresh_token", "token", "id_token_hint", "assertion", "client_assertion", "SAMLResponse",
	"password", "passwd", "pwd", "pass", "passphrase", "pass_phrase", "pw", "pin", "otp", "totp", "passcode", "user[password]",
	"client_secret", "secret", "clientSecret", "code", "state", "code_verifier", "device_code", "user_code", "nonce",
	"api_key", "apikey", "api-key", "key", "subscription-key", "private_key", "psk", "consumer_key", "oauth_verifier",
	"auth", "authorization", "authentication", "auth_token", "credential", "credentials", "bearer", "jwt", "ticket", "hmac",
	"sig", "signature", "sign", "Key-Pair-Id", "hdnts", "hdnea",
	"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "X-Goog-Credential", "AWSAccessKeyId",
	"verification_code", "reset_code", "signed_request", "api_key2", "basicauth", "SAMLart", "userpw",
	"session", "session_id", "sid", "PHPSESSID", "JSESSIONID", "sess", "connect.sid", "csrf", "xsrf", "csrfmiddlewaretoken",
}

func TestUsualSecretQueryKeys(t *testing.T) {
	for _, key := range secretKeys {
		for _, written := range []string{
			key, strings.ToUpper(key), strings.ToLower(key), percentEncoded(key),
			"a=1;" + key, "next=/login?" + key,
		} {
			r := newRequest("GET", "/x")
			r.URL.RawQuery = "page=2&" + written + "=" + sentinel + "&limit=3"
			_, got := serve(t, status(200), r)
			if want := "page=2&" + written + "=REDACTED&limit=3"; got.Text("url.query") != want {
				t.Errorf("url.query = %q, want %q", got.Text("url.query"), want)
			}
		}
	}
}

// percentEncoded escapes every byte of key, as a client may.
func percentEncoded(key string) string {
	var b strings.Builder
	for i := range len(key) {
		fmt.Fprintf(&b, "%%%02x", key[i])
	}
	return b.String()
}

func TestUsualQueryKeysAreRecorded(t *testing.T) {
	for _, key := range []string{
		"q", "page", "limit", "offset", "sort", "fields", "filter", "id", "user", "name", "lang", "country_code", "status",
		"X-Amz-Date", "X-Amz-Expires", "X-Amz-Algorithm", "redirect_uri", "response_type", "client_id", "scope", "keyword", "author",
		"monkey", "bypass", "design", "stage", "zip_code", "status_code", "promo_code",
	} {
		r := newRequest("GET", "/x")
		r.URL.RawQuery = key + "=1"
		_, got := serve(t, status(200), r)
		wantAttrs(t, got, map[string]string{"url.query": key + "=1"})
	}
}

// The value of a query key is often a URL with secrets of its own, which is escaped as values are.
func TestSecretsInsideQueryValues(t *testing.T) {
	for query, want := range map[string]string{
		"next=%2Fcb%3Fcode%3D" + sentinel:                               "next=%2Fcb%3Fcode%3DREDACTED",
		"next=%2fcb%3fpage%3d2%26access_token%3d" + sentinel + "&n=1":   "next=%2fcb%3fpage%3d2%26access_token%3dREDACTED&n=1",
		"next=%252Fcb%253Faccess_token%253D" + sentinel:                 "next=%252Fcb%253Faccess_token%253DREDACTED",
		"next=%25252Fcb%25253Ftok%252565n%25253D" + sentinel:            "next=%25252Fcb%25253Ftok%252565n%25253DREDACTED",
		"next=%2Fcb%23access_token%3D" + sentinel:                       "next=%2Fcb%23access_token%3DREDACTED",
		"next=/cb#access_token=" + sentinel:                             "next=/cb#access_token=REDACTED",
		"token%3D" + sentinel:                                           "token%3DREDACTED",
		"a%3Dtoken=" + sentinel:                                         "a%3Dtoken=REDACTED",
		"url=http://u:" + sentinel + "@h/&n=1":                          "url=http://REDACTED&n=1",
		"url=http%3A%2F%2Fu%3A" + sentinel + "%40h%2F&n=1":              "url=http%3A%2F%2FREDACTED&n=1",
		"url=http:///u@h/x:/:/u@h/https://" + sentinel + "@h/":          "url=http:///u@h/x:/:/u@h/https://REDACTED",
		"url=https%3A%2F%2Fexample.com%2F%40name%2Fpost%3Fpage%3D2&n=1": "url=https%3A%2F%2Fexample.com%2F%40name%2Fpost%3Fpage%3D2&n=1",
		"q=100%25&discount=5%&mail=a%40b.example":                       "q=100%25&discount=5%&mail=a%40b.example",
	} {
		r := newRequest("GET", "/x")
		r.URL.RawQuery = query
		_, got := serve(t, status(200), r)
		if got.Text("url.query") != want {
			t.Errorf("%s: url.query = %q, want %q", query, got.Text("url.query"), want)
		}
	}
}

func TestLongQueries(t *testing.T) {
	long := strings.Repeat("a=1&", 1<<18)
	for name, query := range map[string]string{
		"a secret behind":              long + "token=" + sentinel,
		"a secret where it is cut":     long[:4090] + "&token=" + sentinel,
		"a secret of a megabyte":       "token=" + strings.Repeat(sentinel, 1<<17),
		"a secret over the end":        strings.Repeat("a", 16<<10-7) + "&token=" + sentinel,
		"an escaped key of a megabyte": strings.Repeat("%74", 1<<18) + "token=" + sentinel,
	} {
		r := newRequest("GET", "/x")
		r.URL.RawQuery = query
		_, got := serve(t, status(200), r)
		if text := got.Text("url.query"); strings.Contains(text, sentinel) || len(text) > 4096 || text == "" {
			t.Errorf("%s: url.query has %d bytes, or the secret: %.40q", name, len(text), text)
		}
	}
}

func TestClientErrorTexts(t *testing.T) {
	secretURL := "http://user:" + sentinel + "@h/a?token=" + sentinel + "&n=1#" + sentinel
	inner := &url.Error{Op: "Get", URL: secretURL, Err: errors.New("refused")}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"one url.Error", inner, "refused"},
		{"a url.Error in another", &url.Error{Op: "Get", URL: secretURL, Err: inner}, "refused"},
		{"wrapped by %w", fmt.Errorf("attempt 3: %w", inner), "attempt 3: refused"},
		{"wrapped twice", fmt.Errorf("a: %w", fmt.Errorf("b: %w, %w", inner, inner)), "a: b: refused, refused"},
		{"joined", errors.Join(errors.New("first"), inner, &url.Error{Op: "Get", URL: secretURL, Err: inner}), "first\nrefused\nrefused"},
		{"a url.Error around joined ones", &url.Error{Op: "Get", URL: secretURL, Err: errors.Join(inner, inner)}, "refused\nrefused"},
		{"a url.Error without a cause", &url.Error{Op: "Get", URL: secretURL}, "Get"},
		{"the URL in a text of its own", fmt.Errorf("no route to %s today", secretURL), "no route to http://REDACTED:REDACTED@h/a?token=REDACTED&n=1 today"},
		{"another URL in a text", errors.New(`proxy "http://p:` + sentinel + `@proxy:1": refused`), `proxy "http://REDACTED:REDACTED@proxy:1": refused`},
		{"a secret of the request alone", errors.New("refused " + sentinel), "refused REDACTED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := tripper(func(*http.Request) (*http.Response, error) { return nil, tt.err })
			got, err := call(t, base, outgoing(t, "GET", secretURL, nil))
			if err != tt.err {
				t.Errorf("error = %v, want the base's own", err)
			}
			if d := got.Status().Description; d != tt.want {
				t.Errorf("description = %q, want %q", d, tt.want)
			}
		})
	}
}

func TestURLFull(t *testing.T) {
	opaque := func(opaque, query string) *url.URL {
		return &url.URL{Scheme: "http", Host: "h", Opaque: opaque, RawQuery: query, Fragment: sentinel}
	}
	tests := []struct {
		name string
		u    *url.URL
		opts []mw.ClientOption
		want string
	}{
		{"fragment", &url.URL{Scheme: "http", Host: "h", Path: "/a", Fragment: sentinel}, nil, "http://h/a"},
		{"fragment with escapes", &url.URL{Scheme: "http", Host: "h", Path: "/a", Fragment: "a/b", RawFragment: "a%2Fb"}, nil, "http://h/a"},
		{"credentials in the host", &url.URL{Scheme: "http", Host: "u:" + sentinel + "@h:80", Path: "/a"}, nil, "http://REDACTED:REDACTED@h:80/a"},
		{"opaque, a query of its own", opaque("//u:"+sentinel+"@h/a?token="+sentinel+"&n=1", ""), nil, "http://REDACTED:REDACTED@h/a?token=REDACTED&n=1"},
		{"opaque, with a query", opaque("//h/a", "token="+sentinel), nil, "http://h/a?token=REDACTED"},
		{"opaque, a slash in the password", opaque("//u:"+sentinel+"/"+sentinel+"@h/a", ""), nil, "http://REDACTED:REDACTED@h/a"},
		{"opaque, an at sign in the password", opaque("//u:"+sentinel+"@"+sentinel+"@h/a", ""), nil, "http://REDACTED:REDACTED@h/a"},
		{"opaque, a question mark in the password", opaque("//u:"+sentinel+"?"+sentinel+"@h/a?sig="+sentinel, ""), nil, "http://REDACTED:REDACTED@h/a?sig=REDACTED"},
		{"opaque, a hash in the password", opaque("//u:"+sentinel+"#"+sentinel+"@h/a", ""), nil, "http://REDACTED:REDACTED@"},
		{"opaque, a port as password", opaque("//u:1/"+sentinel+"@h/a", ""), nil, "http://REDACTED:REDACTED@h/a"},
		{"opaque, an at sign in the query", opaque("//h/a?to=x@y&token="+sentinel, ""), nil, "http://REDACTED:REDACTED@y&token=REDACTED"},
		{"opaque, an at sign in a secret", opaque("//h/a?token=x@"+sentinel+"&n=1", ""), nil, "http://REDACTED:REDACTED@REDACTED&n=1"},
		{"opaque, an at sign in a secret key", opaque("//h/a?token@x="+sentinel, ""), nil, "http://REDACTED:REDACTED@x=REDACTED"},
		{"opaque without slashes", opaque("u:"+sentinel+"@h/a", ""), nil, "http:REDACTED:REDACTED@h/a"},
		{"opaque, a path alone", opaque("/@scope%2Fname", ""), nil, "http:/@scope%2Fname"},
		{"opaque, WithoutQuery", opaque("//u:p@h/a?b="+sentinel, "c="+sentinel), []mw.ClientOption{mw.WithoutQuery()}, "http://REDACTED:REDACTED@h/a"},
		{"opaque, at sign in the query, WithoutQuery", opaque("//h/a?b=x@"+sentinel, ""), []mw.ClientOption{mw.WithoutQuery()}, "http://REDACTED:REDACTED@"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{Method: "GET", URL: tt.u, Header: http.Header{}}
			got, err := call(t, answer(200, "ok"), r, tt.opts...)
			if err != nil {
				t.Fatal(err)
			}
			wantAttrs(t, got, map[string]string{"url.full": tt.want})
		})
	}
}

func TestSecretHeaderNames(t *testing.T) {
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token", "X-Goog-Api-Key", "X-Vault-Token",
		"Private-Token", "X-Amz-Security-Token", "X-Csrf-Token", "Authorization-Bin", "X-Forwarded-Client-Cert", "X-Session-Id",
		"X-Hub-Signature-256", "Ocp-Apim-Subscription-Key", "X-Client-Secret", "X-User-Password", "X-Aws-Credentials",
	} {
		r := newRequest("GET", "/x")
		r.Header.Set(name, sentinel)
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(name, sentinel); w.WriteHeader(200) })
		key := strings.ToLower(name)
		_, got := serve(t, h, r.Clone(t.Context()), mw.WithCapturedRequestHeaders(name), mw.WithCapturedResponseHeaders(name))
		wantAttrs(t, got, map[string]string{"http.request.header." + key: `["REDACTED"]`, "http.response.header." + key: `["REDACTED"]`})
		_, got = serve(t, h, r, mw.WithCapturedRequestHeaders(name), mw.WithUnredactedHeaders(name))
		wantAttrs(t, got, map[string]string{"http.request.header." + key: `["` + sentinel + `"]`})
	}
}

func TestHeadersThatHoldURLs(t *testing.T) {
	secretURL := "https://u:" + sentinel + "@h/cb?code=" + sentinel + "&n=1#access_token=" + sentinel
	const want = `["https://REDACTED:REDACTED@h/cb?code=REDACTED&n=1"]`
	names := []string{"Referer", "Location", "Content-Location", "X-Original-Url", "X-Envoy-Original-Path", "Hx-Current-Url", "Destination"}
	r := newRequest("GET", "/x")
	for _, name := range names {
		r.Header.Set(name, secretURL)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", secretURL)
		w.WriteHeader(302)
	})
	_, got := serve(t, h, r, mw.WithCapturedRequestHeaders(names...), mw.WithCapturedResponseHeaders("Location"))
	for _, name := range names {
		wantAttrs(t, got, map[string]string{"http.request.header." + strings.ToLower(name): want})
	}
	wantAttrs(t, got, map[string]string{"http.response.header.location": want})
}

// Proxies and frameworks send the address of a request under many names.
func TestHeadersThatTurnOutToHoldURLs(t *testing.T) {
	for value, want := range map[string]string{
		"/cb?code=" + sentinel + "&n=1":                          "/cb?code=REDACTED&n=1",
		"?token=" + sentinel:                                     "?token=REDACTED",
		"https://u:" + sentinel + "@h/":                          "https://REDACTED:REDACTED@h/",
		"/login?next=http://h/&token=" + sentinel:                "/login?next=http://h/&token=REDACTED",
		"for http://h/?token=" + sentinel + " of a@b.example":    "for http://h/?token=REDACTED of a@b.example",
		"bot/1 (+http://h/bot.html; mail a@b.example) v=1?a&b=2": "bot/1 (+http://h/bot.html; mail a@b.example) v=1?a&b=2",
		"a@b.example, #1 c=2":                                    "a@b.example, #1 c=2",
	} {
		r := newRequest("GET", "/x")
		r.Header.Set("X-Seen", value)
		_, got := serve(t, status(200), r, mw.WithCapturedRequestHeaders("X-Seen"))
		wantAttrs(t, got, map[string]string{"http.request.header.x-seen": `["` + want + `"]`})
		_, got = serve(t, status(200), r, mw.WithCapturedRequestHeaders("X-Seen"), mw.WithUnredactedHeaders("x-seen"))
		wantAttrs(t, got, map[string]string{"http.request.header.x-seen": `["` + value + `"]`})
	}
}
