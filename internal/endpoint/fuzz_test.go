package endpoint_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/settings"
)

func seed(f *testing.F) {
	for _, text := range []string{
		"localhost:4318", "http://h/x?y=z", "[::1]:1", "https://u:p@h:1", "dns:///h:1", "unix:///x", "http://u:p/w@h",
		"http://[::1%25eth0]:80", "http://h:080", "http://h/%zz", "h#x", "//h", "http:h", "a@b@c:1/?token=1#x",
	} {
		f.Add(text)
	}
}

// What is accepted is a usable URL that reads back as itself; what is refused is a fault of kind url.
func FuzzParseHTTP(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := endpoint.ParseHTTP(text)
		if err != nil {
			if !errors.Is(err, settings.ErrURL) {
				t.Errorf("ParseHTTP(%q) = %v, want kind url", text, err)
			}
			return
		}
		if h.URL.Hostname() == "" || h.URL.Fragment != "" || h.URL.Scheme != "http" && h.URL.Scheme != "https" {
			t.Errorf("ParseHTTP(%q) = %+v", text, h.URL)
		}
		again, err := endpoint.ParseHTTP(h.URL.String())
		if err != nil || again.URL.String() != h.URL.String() || again.SchemeInferred {
			t.Errorf("ParseHTTP(%q) gave %s, which reads back as %v, %v", text, h.URL, again.URL, err)
		}
		if _, err := url.Parse(h.URL.String()); err != nil {
			t.Errorf("ParseHTTP(%q) gave %s: %v", text, h.URL, err)
		}
	})
}

func FuzzParseGRPC(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		g, err := endpoint.ParseGRPC(text)
		if err != nil {
			if !errors.Is(err, settings.ErrURL) {
				t.Errorf("ParseGRPC(%q) = %v, want kind url", text, err)
			}
			return
		}
		if g.Target == "" || strings.ContainsAny(g.Target, " \n@#") && g.Host != "" {
			t.Errorf("ParseGRPC(%q) = %+v", text, g)
		}
	})
}

// What a URL parser takes for the password never survives.
func FuzzRedact(f *testing.F) {
	f.Add("p/w", "host:1/x")
	f.Add("a?b#c", "h")
	f.Fuzz(func(t *testing.T, password, rest string) {
		if len(password) < 4 || strings.Contains("http://***@"+rest, password) || strings.Contains("http://***@user?=&;#", password) {
			return // what stays may look like it
		}
		text := "http://user:" + password + "@" + rest
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		if parsed, ok := u.User.Password(); !ok || parsed != password {
			return // not the password to anybody
		}
		if got := endpoint.Redact(text); strings.Contains(got, password) {
			t.Errorf("Redact(%q) = %q", text, got)
		}
		_ = endpoint.Redact(password)
	})
}
