package forwarded_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/spanroute/spanroute/internal/forwarded"
)

func TestRead(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	x := http.Header{"X-Forwarded-For": {"203.0.113.9, 10.0.0.1"}, "X-Forwarded-Proto": {"https, http"}, "X-Forwarded-Host": {"a.example, b.example"}}
	rfc := http.Header{"Forwarded": {`for="[2001:db8::1]:80";proto=HTTPS;host=c.example`, "for=10.0.0.1"}}
	both := http.Header{"Forwarded": {"for=203.0.113.9;proto=http;host=a.example"}, "X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Proto": {"https"}}
	tests := []struct {
		name    string
		proxies forwarded.Proxies
		peer    string
		header  http.Header
		want    forwarded.Info
	}{
		{"the zero value trusts no peer", forwarded.Proxies{}, "10.0.0.2:1", x, forwarded.Info{}},
		{"another peer", forwarded.Proxies{Prefixes: trusted}, "192.0.2.1:1", x, forwarded.Info{}},
		{"a trusted peer", forwarded.Proxies{Prefixes: trusted}, "10.0.0.2:1", x, forwarded.Info{Client: "203.0.113.9", Scheme: "https", Host: "a.example"}},
		{"RFC 7239", forwarded.Proxies{Prefixes: trusted}, "10.0.0.2:1", rfc, forwarded.Info{Client: "2001:db8::1", Scheme: "https", Host: "c.example"}},
		{"both families", forwarded.Proxies{Prefixes: trusted}, "10.0.0.2:1", both, forwarded.Info{Client: "203.0.113.9"}},
		{"only one of both families is read", forwarded.Proxies{Prefixes: trusted, Family: forwarded.X}, "10.0.0.2:1", both, forwarded.Info{Client: "203.0.113.9", Scheme: "https"}},
		{"a unix socket that is not trusted", forwarded.Proxies{Prefixes: trusted}, "@", x, forwarded.Info{}},
		{"a trusted unix socket", forwarded.Proxies{UnixPeers: true}, "@", x, forwarded.Info{Client: "10.0.0.1", Scheme: "http", Host: "b.example"}},
		{"an entry that is not an address", forwarded.Proxies{Prefixes: trusted}, "10.0.0.2:1", http.Header{"X-Forwarded-For": {"203.0.113.9, unknown"}}, forwarded.Info{}},
		{"an open quote", forwarded.Proxies{Prefixes: trusted}, "10.0.0.2:1", http.Header{"Forwarded": {`for="203.0.113.9`}}, forwarded.Info{}},
	}
	for _, tt := range tests {
		if got := tt.proxies.Read(tt.peer, tt.header); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// FuzzRead checks that nothing but addresses, schemes and hosts comes out of hostile headers.
func FuzzRead(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.1", "https", "a.example", `for="[::1]";host=x`)
	f.Add(",,", "HTTP", "a:b:c", `for=";`)
	f.Add("[::ffff:1.2.3.4%eth0]:80", "", "[::1]:0", `for=1.2.3.4:_x;proto="\h\t\t\p"`)
	f.Fuzz(func(t *testing.T, hops, proto, host, line string) {
		p := forwarded.Proxies{UnixPeers: true}
		for _, h := range []http.Header{
			{"X-Forwarded-For": {hops}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}}, {"Forwarded": {line}},
		} {
			got := p.Read("@", h)
			if _, err := netip.ParseAddr(got.Client); got.Client != "" && err != nil {
				t.Errorf("client %q is not an address", got.Client)
			}
			if got.Scheme != "" && got.Scheme != "http" && got.Scheme != "https" {
				t.Errorf("scheme %q", got.Scheme)
			}
		}
	})
}

func TestUnmap(t *testing.T) {
	for in, want := range map[string]string{"::ffff:10.0.0.0/104": "10.0.0.0/8", "10.0.0.0/8": "10.0.0.0/8", "fd00::/8": "fd00::/8"} {
		if got := forwarded.Unmap(netip.MustParsePrefix(in)).String(); got != want {
			t.Errorf("Unmap(%s) = %s, want %s", in, got, want)
		}
	}
}
