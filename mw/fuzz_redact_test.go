package mw_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// FuzzClientSecrets puts a sentinel where the URL of a request holds a secret: user name, password, value of a secret
// query key, fragment. It must not be in the span, whatever else the URL is made of and however an error quotes it.
func FuzzClientSecrets(f *testing.F) {
	f.Add("http", "u", "p", "h:80", "/a", "token", "x", "f", uint8(0), uint8(0))
	f.Add("https", "", "/", "[::1]", "", "%74oken", "?", "/#", uint8(1), uint8(1))
	f.Add("http", "a:b", "@", "h", "//h", "a;sig", ";", "%23", uint8(2), uint8(2))
	f.Add("http", " ", "#\"", "h", "/@s/n", "next?code", "%", "", uint8(3), uint8(3))
	f.Add("x", "?", "://", "", "/p", "user[password]", "\xff", "", uint8(4), uint8(0))
	f.Add("x", "/", "://", "\xc1\xacY", "/p", "user[password]", "\xff", "", uint8(4), uint8(0)) // http:/user:password@host
	f.Add("http", "\n", "é", "h@h", "/", "SIG", "=", "@", uint8(5), uint8(1))
	f.Fuzz(func(t *testing.T, scheme, user, password, host, path, key, value, fragment string, form, quote uint8) {
		if strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz") != "" || strings.Contains(scheme+host+path+key, sentinel) ||
			strings.ContainsAny(scheme+host+path, "&=?#") || strings.ContainsAny(key, "&=#") || strings.Contains(value, "&") {
			return // the sentinel would be where no secret is
		}
		u := secretURL(scheme, user+sentinel, password+sentinel, host, path, key+"_token="+value+sentinel, fragment+sentinel, form)
		if u == nil {
			return
		}
		header := http.Header{}
		if u.Host == host { // else String hides the @ before the host
			header.Set("Referer", u.String())
		}
		err := quoting(u, quote)
		base := tripper(func(r *http.Request) (*http.Response, error) {
			if err != nil {
				return nil, err
			}
			return answer(200, "ok")(r)
		})
		rec := spantest.NewRecorder(t)
		r := (&http.Request{Method: "GET", URL: u, Header: header}).WithContext(t.Context())
		res, got := mw.NewTransport(base, mw.With(rec.Tracing()), mw.WithCapturedRequestHeaders("Referer")).RoundTrip(r)
		if got != err {
			t.Fatalf("error = %v, want the base's own", got)
		}
		if res != nil {
			_ = res.Body.Close()
		}
		if text := spantest.Render(rec.One(t)); strings.Contains(text, sentinel) {
			t.Errorf("%#v, error %v:\n%s", u, err, text)
		}
	})
}

// quoting returns an error that quotes u in one of the ways that clients do, or nil.
func quoting(u *url.URL, quote uint8) error {
	inner := &url.Error{Op: "Get", URL: u.Redacted(), Err: errors.New("refused")}
	switch quote % 4 {
	case 1:
		return &url.Error{Op: "Get", URL: u.String(), Err: inner}
	case 2:
		return errors.Join(errors.New("first"), fmt.Errorf("second: %w", inner))
	case 3:
		return fmt.Errorf("%s, that is %s: refused", u, u.Redacted())
	}
	return nil
}

// secretURL makes a URL of its parts in one of the forms that programs write, nil if such a URL does not exist.
func secretURL(scheme, user, password, host, path, query, fragment string, form uint8) *url.URL {
	userinfo := user + ":" + password + "@"
	switch form % 6 {
	case 0:
		u, err := url.Parse(scheme + "://" + url.UserPassword(user, password).String() + "@" + host + path + "?" + query + "#" + fragment)
		if err != nil || u.Host == "" {
			return nil
		}
		return u
	case 1:
		return &url.URL{Scheme: scheme, User: url.UserPassword(user, password), Host: host, Path: path, RawQuery: query, Fragment: fragment}
	case 2:
		return &url.URL{Scheme: scheme, Host: host, Opaque: "//" + userinfo + host + path, RawQuery: query, Fragment: fragment}
	case 3:
		return &url.URL{Scheme: scheme, Host: host, Opaque: "//" + userinfo + host + path + "?" + query, Fragment: fragment}
	case 4:
		return &url.URL{Scheme: scheme, Host: host, Opaque: userinfo + host + path + "?" + query, Fragment: fragment}
	default:
		return &url.URL{Scheme: scheme, Host: userinfo + host, Path: path, RawQuery: query, Fragment: fragment}
	}
}
