package transport

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// In the package, because an answer can be judged here without a network, which the fuzz target needs to be fast.

// encodings are ways in which a receiver can quote what it was sent.
var encodings = []func(string) string{
	func(s string) string { return s },
	strconv.Quote,
	func(s string) string { return strconv.Quote(strconv.Quote(s)) },
	func(s string) string { b, _ := json.Marshal(s); return string(b) },
	func(s string) string { return fmt.Sprintf("%q", []byte(s)) },
	url.QueryEscape,
	url.PathEscape,
	html.EscapeString,
	func(s string) string { return hex.EncodeToString([]byte(s)) },
	func(s string) string { return fmt.Sprintf("%X", s) },
	func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("a request with " + s + " in it"))
	},
	func(s string) string { return base64.URLEncoding.EncodeToString([]byte("its header " + s)) },
}

// A carrier is a place of the configuration that holds a secret; sent returns the texts with it that a receiver sees.
type carrier struct {
	name    string
	options func(secret string) HTTPOptions
	sent    func(secret string) []string
}

var carriers = []carrier{
	{
		"a header", func(s string) HTTPOptions { return HTTPOptions{URL: "http://h", Headers: Headers{{"X-Tenant", s}}} },
		func(s string) []string { return []string{s} },
	},
	{
		"a bearer token", func(s string) HTTPOptions {
			return HTTPOptions{URL: "http://h", Headers: Headers{{"authorization", "Bearer " + s}}}
		},
		func(s string) []string { return []string{"Bearer " + s, s} },
	},
	{
		"Basic in a header", func(s string) HTTPOptions {
			return HTTPOptions{URL: "http://h", Headers: Headers{{"Authorization", basic("user", s)}}}
		},
		func(s string) []string { return []string{basic("user", s), basic("user", s)[6:], "user:" + s, s} },
	},
	{
		"user name and password", func(s string) HTTPOptions { return HTTPOptions{URL: "http://h", Username: "user", Password: s} },
		func(s string) []string { return []string{basic("user", s), basic("user", s)[6:], "user:" + s, s} },
	},
	{
		"user information", func(s string) HTTPOptions {
			return HTTPOptions{URL: (&url.URL{Scheme: "http", Host: "h", User: url.UserPassword("user", s)}).String()}
		},
		func(s string) []string {
			return []string{basic("user", s), "user:" + s, s, "http://" + url.UserPassword("user", s).String() + "@h"}
		},
	},
	{
		"a token as user name", func(s string) HTTPOptions {
			return HTTPOptions{URL: (&url.URL{Scheme: "http", Host: "h", User: url.User(s)}).String()}
		},
		func(s string) []string { return []string{basic(s, ""), basic(s, "")[6:], s} },
	},
	{
		"the query", func(s string) HTTPOptions { return HTTPOptions{URL: "http://h/x?a=1&api_key=" + url.QueryEscape(s)} },
		func(s string) []string { return []string{"/x?a=1&api_key=" + url.QueryEscape(s), s} },
	},
	{
		"a part of a cookie", func(s string) HTTPOptions {
			return HTTPOptions{URL: "http://h", Headers: Headers{{"Cookie", "session=" + s + "; a=b"}}}
		},
		func(s string) []string { return []string{"session=" + s + "; a=b", s} },
	},
}

// places are where a receiver's text can come from; each returns what is kept or logged of it.
var places = func() (all []func(h *HTTP, g *GRPC, text string) string) {
	kept := func(o delivery.Outcome) string { return o.Err.Error() + "\n" + o.Hint }
	for _, code := range []int{200, 302, 400, 403, 404, 407, 413, 503} {
		all = append(all, func(h *HTTP, _ *GRPC, text string) string {
			return kept(h.verdict(Answer{Status: code, Body: []byte(text), Header: http.Header{"Location": {text}, "Content-Type": {"text/html"}, "Retry-After": {text}}}))
		})
	}
	for _, before := range []string{"", `malformed HTTP response "\x15\x03`, "x509: certificate is valid for "} {
		all = append(all, func(h *HTTP, _ *GRPC, text string) string {
			return kept(h.fault(context.Background(), errors.New(before+text)))
		})
		for _, code := range []codes.Code{codes.Unavailable, codes.PermissionDenied, codes.ResourceExhausted, codes.Unimplemented} {
			all = append(all, func(_ *HTTP, g *GRPC, text string) string {
				return kept(g.Outcome(context.Background(), status.Error(code, before+text)))
			})
		}
	}
	return append(all, func(h *HTTP, _ *GRPC, text string) string { return h.Excerpt(text) }, func(_ *HTTP, g *GRPC, text string) string { return g.Excerpt(text) })
}()

// destinations are those of one carrier. Over gRPC there are only headers.
func destinations(t testing.TB, o HTTPOptions) (*HTTP, *GRPC) {
	h, err := NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	g := &GRPC{secrets: h.secrets}
	return h, g
}

const sentinel = "hunter2-sentinel"

func TestSecretsInReceiversTexts(t *testing.T) {
	for _, password := range []string{sentinel, sentinel + ` "quo\ted" <&> +/=%20`} {
		for _, c := range carriers {
			o := c.options(password)
			if strings.Contains(c.name, "cookie") {
				o = c.options(sentinel)
			}
			h, g := destinations(t, o)
			for _, sent := range c.sent(password) {
				if strings.Contains(c.name, "cookie") && password != sentinel {
					continue
				}
				for n, encode := range encodings {
					echo := encode(sent)
					for _, text := range []string{"denied for " + echo + " at h", strings.Repeat(echo+" ", 3), strings.Repeat("x", 190) + echo} {
						for _, place := range places {
							got := place(h, g, text)
							if strings.Contains(got, sentinel) || strings.Contains(got, strings.Trim(echo, `"`)) || strings.Contains(got, encode(sentinel)) {
								t.Errorf("%s, encoding %d: %q is kept of %q", c.name, n, got, text)
							}
						}
					}
				}
			}
		}
	}
}

// A secret that the read limit cut in two is masked too: long secrets before it shrink to a few bytes.
func TestSecretsThatAreCutOff(t *testing.T) {
	long := sentinel + strings.Repeat("0123456789abcdef", 1000)
	h, g := destinations(t, HTTPOptions{URL: "http://h", Headers: Headers{{"X-Key", long}}})
	body := strings.Repeat(long+" ", 6)[:maxBody]
	if o := h.verdict(Answer{Status: 403, Body: []byte(body)}); strings.Contains(o.Err.Error(), "sentinel") {
		t.Errorf("error = %q", o.Err)
	}
	data := fmt.Sprintf("%q", ("denied for " + long)[:1024]) // grpc-go quotes so much of an answer that is not its own
	o := g.Outcome(context.Background(), status.Error(codes.Unavailable, "unexpected HTTP status code received from server: 403 (Forbidden)\ndata: "+data))
	if got := o.Err.Error(); strings.Contains(got, "sentinel") || !strings.Contains(got, "403 (Forbidden)") {
		t.Errorf("error = %q, want the status without the secret", got)
	}
}

// Short values are masked where they stand alone; inside of words they would mask the text away.
func TestShortSecrets(t *testing.T) {
	h, _ := destinations(t, HTTPOptions{URL: "http://h", Headers: Headers{{"X-Tenant", "ab1"}, {"Keep-Alive", "1"}}})
	for text, want := range map[string]string{
		"tenant ab1 is unknown": "tenant *** is unknown",
		`"ab1"`:                 `"***"`,
		"ab1":                   "***",
		"cab1 ab12 ab1_":        "cab1 ab12 ***_",
		"error 1: 10 left":      "error ***: 10 left",
	} {
		if got := h.Excerpt(text); got != want {
			t.Errorf("Excerpt(%q) = %q, want %q", text, got, want)
		}
	}
}

// With more secrets than can be looked for, no text is kept.
func TestManySecrets(t *testing.T) {
	var headers Headers
	for i := range 20_000 {
		headers = append(headers, Header{fmt.Sprint("X-", i), fmt.Sprint("secret-", i)})
	}
	h, _ := destinations(t, HTTPOptions{URL: "http://h", Headers: headers})
	o := h.verdict(Answer{Status: 431, Body: []byte("too large: secret-19999")})
	if want := "answer 431 Request Header Fields Too Large: ***"; o.Err.Error() != want {
		t.Errorf("error = %q, want %q", o.Err, want)
	}
}

func TestTextsWithoutSecretsStay(t *testing.T) {
	h, _ := destinations(t, HTTPOptions{
		URL: "http://user:password@collector:4318/v1/traces?format=x", ContentType: "application/json", ContentEncoding: "gzip",
		Headers: Headers{{"X-Tenant", "acme-production"}},
	})
	for _, text := range []string{
		"content type application/json with gzip is not for /v1/traces?format=x", "dial tcp: lookup collector: no such host", "spanroute/0.1.0", "Basic realm",
	} {
		if got := h.Excerpt(text); got != text {
			t.Errorf("Excerpt(%q) = %q", text, got)
		}
	}
}

// No receiver can make the sentinel appear, however it quotes what it was sent.
func FuzzReceiversTexts(f *testing.F) {
	f.Add("p", "w", "denied for ", " at h", uint16(0), uint8(0))
	f.Add(`"\`, "%+/=<&>", "x", strings.Repeat("y", 20), uint16(77), uint8(9))
	f.Add("1", "", "\n", "\xff", uint16(1000), uint8(30))
	f.Fuzz(func(t *testing.T, before, after, head, tail string, choice uint16, place uint8) {
		if strings.Contains(head+tail, "hunter2") || strings.Contains(head+tail, "sentinel") || len(before)+len(after) > 200 {
			return
		}
		password := printableOnly(before) + sentinel + printableOnly(after)
		c := carriers[int(choice)%len(carriers)]
		o := c.options(password)
		u, err := url.Parse(o.URL)
		if err != nil {
			t.Fatal(err)
		}
		h := &HTTP{opts: o, secrets: o.secrets(u)} // as NewHTTP does, without a transport
		u.User = nil
		h.url = u
		sent := c.sent(password)
		echo := encodings[int(choice>>3)%len(encodings)](sent[int(choice>>8)%len(sent)])
		if strings.Contains(c.name, "cookie") && strings.ContainsAny(password, ` ,;="`) {
			return // not one value
		}
		got := places[int(place)%len(places)](h, &GRPC{secrets: h.secrets}, head+echo+tail)
		if strings.Contains(got, sentinel) || len(echo) > 16 && strings.Contains(got, strings.Trim(echo, `"=`)) {
			t.Errorf("%s: %q is kept of %q", c.name, got, head+echo+tail)
		}
	})
}

func printableOnly(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}
