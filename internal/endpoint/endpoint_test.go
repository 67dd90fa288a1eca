package endpoint_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestParseHTTP(t *testing.T) {
	for _, tt := range []struct {
		text, want    string
		inferred, has bool
	}{
		{"http://localhost:9411/api/v2/spans", "http://localhost:9411/api/v2/spans", false, true},
		{"localhost:4318", "http://localhost:4318", true, true},
		{"localhost:6881", "http://localhost:6881", true, true},
		{"h", "http://h", true, false},
		{"h/x/", "http://h/x/", true, false},
		{"h?x=1", "http://h?x=1", true, false},
		{"h:1/x?format=jaeger.thrift", "http://h:1/x?format=jaeger.thrift", true, true},
		{"http://h", "http://h", false, false},
		{"http://h/", "http://h/", false, false},
		{"HTTPS://H:443/X", "https://H:443/X", false, true},
		{"[::1]:4318", "http://[::1]:4318", true, true},
		{"[::1]", "http://[::1]", true, false},
		{"https://[2001:db8::1]/v1/traces", "https://[2001:db8::1]/v1/traces", false, false},
		{"http://[fe80::1%25eth0]:1", "http://[fe80::1%25eth0]:1", false, true},
		{"[fe80::1%eth0]:1", "http://[fe80::1%25eth0]:1", true, true},
		{"http://user:pa%40ss@h:1/", "http://user:pa%40ss@h:1/", false, true},
		{"user:pw@h:1", "http://user:pw@h:1", true, true},
		{"http://h/a%20b?q=%2F", "http://h/a%20b?q=%2F", false, false},
		{"http://h/redirect?to=http://x", "http://h/redirect?to=http://x", false, false},
		{"h/redirect?to=http://x", "http://h/redirect?to=http://x", true, false},
		{"http://my_collector.svc.cluster.local.:65535", "http://my_collector.svc.cluster.local.:65535", false, true},
	} {
		h, err := endpoint.ParseHTTP(tt.text)
		if err != nil {
			t.Errorf("ParseHTTP(%q) = %v", tt.text, err)
			continue
		}
		got := h.URL.String()
		if got != tt.want || h.SchemeInferred != tt.inferred || h.HasPort != tt.has {
			t.Errorf("ParseHTTP(%q) = %s, inferred %t, port %t, want %s, %t, %t",
				tt.text, got, h.SchemeInferred, h.HasPort, tt.want, tt.inferred, tt.has)
		}
	}
}

func TestParseHTTPRefuses(t *testing.T) {
	var texts goldentext.Rows
	for _, text := range []string{
		"",
		"http://",
		"http:///x",
		"http://:80",
		"/v1/traces",
		"ftp://h",
		"grpc://h",
		"://h",
		"http://h:0",
		"http://h:70000",
		"http://h:99999999999999999999",
		"h:x",
		"h:",
		"http://h:/x",
		"http:/h:9411/x",
		"HTTPS:/h",
		"http://h#frag",
		"::1",
		"http://[::1",
		"http://[1.2.3.4]:1",
		"http://[::1]x",
		"http://a b",
		"http://h/a b",
		" http://h",
		"http://h\n",
		"http://h/%zz",
		"http://999.1.1.1",
		"http://a..b",
		"http://a|b",
		"http://h\\x",
		"http://u:secret@h:0",
		"http://u:se/cret@h:1",
		"http://h:0?api_key=secret&a=b",
	} {
		_, err := endpoint.ParseHTTP(text)
		wantURLFault(t, text, err)
		texts.AddError(t, strconv.Quote(text), err)
	}
	texts.Check(t)
}

func TestParseGRPC(t *testing.T) {
	for _, tt := range []struct {
		text string
		want endpoint.GRPC
	}{
		{"http://localhost:4317", endpoint.GRPC{Scheme: "http", Target: "localhost:4317", Host: "localhost", Port: "4317"}},
		{"https://h:4317/", endpoint.GRPC{Scheme: "https", Target: "h:4317", Host: "h", Port: "4317"}},
		{"http://h", endpoint.GRPC{Scheme: "http", Target: "h:80", Host: "h", Port: "80"}},
		{"https://h", endpoint.GRPC{Scheme: "https", Target: "h:443", Host: "h", Port: "443"}},
		{"h:14250", endpoint.GRPC{Target: "h:14250", Host: "h", Port: "14250"}},
		{"h", endpoint.GRPC{Target: "h", Host: "h"}},
		{"[::1]:14250", endpoint.GRPC{Target: "[::1]:14250", Host: "::1", Port: "14250"}},
		{"https://[::1]", endpoint.GRPC{Scheme: "https", Target: "[::1]:443", Host: "::1", Port: "443"}},
		{"http://h:4318/v1/traces?x=y", endpoint.GRPC{Scheme: "http", Target: "h:4318", Host: "h", Port: "4318", PathIgnored: "/v1/traces?x=y"}},
		{"h:1/x/", endpoint.GRPC{Target: "h:1", Host: "h", Port: "1", PathIgnored: "/x"}},
		{"dns:///h:4317", endpoint.GRPC{Scheme: "dns", Target: "dns:///h:4317"}},
		{"dns://8.8.8.8/h:4317", endpoint.GRPC{Scheme: "dns", Target: "dns://8.8.8.8/h:4317"}},
		{"unix:///run/otel.sock", endpoint.GRPC{Scheme: "unix", Target: "unix:///run/otel.sock"}},
		{"passthrough:///h:1", endpoint.GRPC{Scheme: "passthrough", Target: "passthrough:///h:1"}},
		{"unix:4317", endpoint.GRPC{Target: "dns:///unix:4317", Host: "unix", Port: "4317"}},
	} {
		got, err := endpoint.ParseGRPC(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParseGRPC(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseGRPCRefuses(t *testing.T) {
	var texts goldentext.Rows
	for _, text := range []string{
		"",
		"://h",
		"ftp://h",
		"h:0",
		"::1",
		"http://u:secret@h:1",
		"http://h#x",
		"dns:///",
		"dns://h",
		"passthrough://",
		"unix://",
		"unix:///a b",
	} {
		_, err := endpoint.ParseGRPC(text)
		wantURLFault(t, text, err)
		texts.AddError(t, strconv.Quote(text), err)
	}
	texts.Check(t)
}

func TestJoinPort(t *testing.T) {
	for text, want := range map[string]string{"h": "h:14250", "[::1]": "[::1]:14250", "dns": "dns:///dns:14250"} {
		g, err := endpoint.ParseGRPC(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.JoinPort("14250"); got.Target != want || got.Port != "14250" {
			t.Errorf("JoinPort of %s = %+v, want %s", text, got, want)
		}
	}
}

func TestCheckHost(t *testing.T) {
	for _, ok := range []string{"localhost", "h", "jaeger-agent.observability.svc", "a_b", "1.2.3.4", "::1", "[::1]", "fe80::1%eth0", "example.org.", "1and1.com", "xn--gre-6ka8i.example"} {
		if err := endpoint.CheckHost(ok); err != nil {
			t.Errorf("CheckHost(%q) = %v", ok, err)
		}
	}
	var texts goldentext.Rows
	for _, text := range []string{
		"",
		"http://h:1",
		"h:1",
		"[::1]:1",
		"a:b:c",
		"[1.2.3.4]",
		"a b",
		"h/x",
		"u@h",
		"999.1.1.1",
		"6831",
		"größe",
		"a..b",
		strings.Repeat("a", 64),
		strings.Repeat("a.", 200) + "b",
	} {
		err := endpoint.CheckHost(text)
		wantURLFault(t, text, err)
		texts.AddError(t, strconv.Quote(text), err)
	}
	texts.Check(t)
}

// wantURLFault checks that text is refused, by an error of kind url that does not show the secret in it.
func wantURLFault(t *testing.T, text string, err error) {
	t.Helper()
	if !errors.Is(err, settings.ErrURL) {
		t.Errorf("%q: error %v, want kind %s", text, err, settings.ErrURL)
	}
	if err != nil && strings.Contains(err.Error(), "cret") {
		t.Errorf("%q: error %v, which shows the secret", text, err)
	}
}

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"http://h:1/x?a=b", "http://h:1/x?a=b"},
		{"http://u:p@h/x", "http://***@h/x"},
		{"u:p@h:1", "***@h:1"},
		{"http://u@h", "http://***@h"},
		{"http://a@b@h", "http://***@h"},
		{"http://u:p/w@h/x", "http://***@h/x"},
		{"http://u:p?w@h/x", "http://***@h/x"},
		{"http://u:p#w@h/x", "http://***@h/x"},
		{"http//u:p@h", "***@h"},
		{"http:/u:p@h", "***@h"},
		{"http://u:1/p@h", "http://***@h"},
		{"http://u:p x@h", "http://***@h"},
		{"http://u:p%40h:1/x", "http://***%40h:1/x"},
		{"http://u%3Ap%40h", "http://***%40h"},
		{"http://u:p%40w@h", "http://***@h"},
		{"http://h/x?mail=a%40b", "http://h/x?mail=a%40b"},
		{"http://user:@p#@h", "http://***@h"},
		{"http://u:p\n@h", "http://***@h"},
		{"htps://u:p@h", "***@h"},
		{"u:p://w@h", "***@h"},
		{"HTTPS://u:p@h", "HTTPS://***@h"},
		{"http://h:1/@scope", "http://***@scope"}, // may be the password "1/"
		{"http://h?x=a@b", "http://***@b"},
		{"http://u:p@h?token=1", "http://***@h?token=***"},
		{"http://h/x;token=1&sig=2", "http://h/x;token=***&sig=***"},
		{"http://h?api_key=1&X-Auth=2;a=3&sig=&pass", "http://h?api_key=***&X-Auth=***;a=3&sig=&pass"},
		{"http://h?%74oken=1", "http://h?%74oken=***"},
		{"http://h#access_token=1", "http://h#access_token=***"},
		{"http://h?a=?token=1", "http://h?a=?token=***"},
		{"http://h?client_secret=a=b", "http://h?client_secret=***"},
		{"", ""},
		{"?", "?"},
		{"plain words", "plain words"},
	} {
		if got := endpoint.Redact(tt.text); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// Each word of the reference's list masks, in any letter case and percent-encoded too; others do not.
func TestRedactSecretNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"api_key", "Token", "client_secret", "sig", "SIGNATURE", "passwd", "auth", "k%65y"} {
		if got, want := endpoint.Redact("http://h/?a=1&"+name+"=hunter2&b=2"), "http://h/?a=1&"+name+"=***&b=2"; got != want {
			t.Errorf("Redact = %q, want %q", got, want)
		}
	}
	if got, want := endpoint.Redact("//u:hunter2@h/x"), "//***@h/x"; got != want {
		t.Errorf("Redact = %q, want %q", got, want)
	}
	if text := "http://h/?format=jaeger.thrift"; endpoint.Redact(text) != text {
		t.Errorf("Redact(%q) = %q", text, endpoint.Redact(text))
	}
}
