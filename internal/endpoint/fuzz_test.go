package endpoint_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/registry/settings"
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

// A password before the last @ is masked, whatever stands around it and whatever a URL parser takes the text for.
func FuzzRedact(f *testing.F) {
	for _, row := range [][4]string{
		{"http://", "p", "w", "h:1/x"}, {"http//", "", "", "h"}, {"http:/", "1/", "", "h"}, {"", " ", "#?", "h"},
		{"http://", "://", "@", "h"}, {"//", "[::1]:1/", "", "h"}, {"http://h/?x=", "=", "&token=", "h"},
	} {
		f.Add(row[0], row[1], row[2], row[3])
	}
	const password = "hunter2"
	f.Fuzz(func(t *testing.T, scheme, before, after, rest string) {
		if strings.Contains(scheme+"\n"+before+"\n"+after+"\n"+rest, password) {
			return
		}
		text := scheme + "user:" + before + password + after + "@" + rest
		if got := endpoint.Redact(text); strings.Contains(got, password) {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	})
}
