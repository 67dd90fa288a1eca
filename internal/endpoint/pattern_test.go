package endpoint_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/endpoint"
)

// parsers are the functions with the patterns of what they accept.
var parsers = map[string]struct {
	pattern *regexp.Regexp
	parse   func(string) error
}{
	"http": {regexp.MustCompile(endpoint.HTTPPattern), func(text string) error { _, err := endpoint.ParseHTTP(text); return err }},
	"grpc": {regexp.MustCompile(endpoint.GRPCPattern), func(text string) error { _, err := endpoint.ParseGRPC(text); return err }},
	"host": {regexp.MustCompile(endpoint.HostPattern), endpoint.CheckHost},
}

var longHost = regexp.MustCompile(endpoint.LongHost)

// spellings are texts in use, and texts that are close to them.
var spellings = []string{
	"http://localhost:9411/api/v2/spans", "https://h", "HTTP://H:1/", "localhost:4317", "h", "h.", "h..", "1.2.3.4", "1.2.3", "1.2.3.4.", "[::1]:4317", "::1", "[::1]",
	"http://u:p@h:14268/api/traces?format=jaeger.thrift", "http://h?x=1", "h/a%2Fb", "h/a%zz", "h#f", "h:0", "h:65535", "h:65536", "h:", "http:h", "http:/h", "http://",
	"ftp://h", "://h", "h x", "h/\x00", "dns:///h:4317", "dns://h", "dns://8.8.8.8/h", "dns:///", "unix:///run/a.sock", "unix://a", "unix://", "unix:///", "passthrough:///h:1",
	"grpc://h", "http://u@h", "h/x://y", "a@b://c", "under_score.svc", "-h", "3com.example", "xn--a.example", "é.example", "h:80:80", "[1.2.3.4]", "[::1", "0x7f.1", "a,b", "http://h/a b",
	strings.Repeat("a", 63) + ".example", strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a", strings.Repeat("a.", 128) + "a", "", "@h", "u:p@h:80", "http://[fe80::1%25eth0]:1",
}

// notMatched are spellings that a parser accepts and its pattern does not: they are not in use.
var notMatched = map[string]bool{"http http://[fe80::1%25eth0]:1": true, "grpc http://[fe80::1%25eth0]:1": true, "grpc @h": true}

func TestPatterns(t *testing.T) {
	for name, p := range parsers {
		for _, text := range spellings {
			got, err := p.pattern.MatchString(text) && !longHost.MatchString(text), p.parse(text)
			if want := err == nil && !notMatched[name+" "+text]; got != want {
				t.Errorf("%s: the pattern matches %q is %t, want %t: %v", name, text, got, want, err)
			}
		}
	}
}

// A pattern accepts nothing that the function refuses.
func FuzzPatterns(f *testing.F) {
	for _, text := range spellings {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, p := range parsers {
			if p.pattern.MatchString(text) && !longHost.MatchString(text) {
				if err := p.parse(text); err != nil {
					t.Errorf("%s: the pattern matches %q: %v", name, text, err)
				}
			}
		}
	})
}
