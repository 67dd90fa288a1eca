package mw_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/mw"
)

func TestForwardedHeaders(t *testing.T) {
	trusted := mw.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
	const proxy = "10.0.0.3:4000"
	hops := func(n int) string { return "203.0.113.9" + strings.Repeat(", 10.0.0.1", n) }
	tests := []struct {
		name    string
		peer    string
		headers []string // "Name: value" lines
		opts    []mw.ServerOption
		alone   bool // without the option trusted
		client  string
		scheme  string
		host    string // "" means the connection's, example.com
	}{
		{name: "two lines", peer: proxy, headers: []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 10.0.0.3"}, client: "203.0.113.9"},
		{name: "hidden", peer: proxy, headers: []string{"Forwarded: for=_hidden"}, client: "10.0.0.3"},
		{name: "unknown", peer: proxy, headers: []string{"Forwarded: for=unknown"}, client: "10.0.0.3"},
		{name: "open quote", peer: proxy, headers: []string{`Forwarded: for="[`}, client: "10.0.0.3"},
		{name: "nothing but separators", peer: proxy, headers: []string{"Forwarded: ;;;"}, client: "10.0.0.3"},
		{
			name: "no peer is trusted", peer: "192.0.2.1:5100", alone: true, opts: []mw.ServerOption{mw.WithTrustedProxies()},
			headers: []string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"}, client: "192.0.2.1",
		},
		{
			name: "another peer is trusted", peer: "192.0.2.1:5100",
			headers: []string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"}, client: "192.0.2.1",
		},
		{name: "the families disagree", peer: proxy, headers: []string{"X-Forwarded-For: 203.0.113.9", "Forwarded: for=198.51.100.1"}, client: "10.0.0.3"},
		{
			name: "the families agree on the client only", peer: proxy, client: "203.0.113.9",
			headers: []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.9;host=h.example"},
		},
		{
			name: "the families agree", peer: proxy, client: "203.0.113.9", scheme: "https",
			headers: []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.9;proto=HTTPS"},
		},
		{
			name: "only the family named is read", peer: proxy, opts: []mw.ServerOption{mw.WithForwardedFamily(mw.ForwardedRFC7239)},
			headers: []string{"X-Forwarded-For: 203.0.113.9", "Forwarded: for=198.51.100.1"}, client: "198.51.100.1",
		},
		{
			name: "only the other family named is read", peer: proxy, opts: []mw.ServerOption{mw.WithForwardedFamily(mw.ForwardedX)},
			headers: []string{"X-Forwarded-For: 203.0.113.9", "Forwarded: for=198.51.100.1"}, client: "203.0.113.9",
		},
		{
			name: "Forwarded, its proto and host", peer: proxy, client: "203.0.113.9", scheme: "https", host: "shop.example",
			headers: []string{`Forwarded: for=203.0.113.9;proto=https;host="shop.example", for=10.0.0.2;proto=http;host=inner`},
		},
		{
			name: "proto and host at the client's distance", peer: proxy, client: "203.0.113.9", scheme: "https", host: "shop.example",
			headers: []string{
				"X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.0.0.2", "X-Forwarded-Proto: http, https, http",
				"X-Forwarded-Host: forged.example, shop.example, inner",
			},
		},
		{
			name: "a shorter list of protos: its leftmost", peer: proxy, client: "203.0.113.9", scheme: "https",
			headers: []string{"X-Forwarded-For: 203.0.113.9, 10.0.0.2, 10.0.0.1", "X-Forwarded-Proto: https"},
		},
		{
			name: "without For: the rightmost", peer: proxy, client: "10.0.0.3", scheme: "https", host: "shop.example",
			headers: []string{"X-Forwarded-Proto: http, https", "X-Forwarded-Host: forged.example, shop.example"},
		},
		{name: "all are trusted: the leftmost", peer: proxy, headers: []string{"X-Forwarded-For: 10.1.1.1, 10.2.2.2"}, client: "10.1.1.1"},
		{name: "with a port", peer: proxy, headers: []string{"X-Forwarded-For: 203.0.113.9:1234"}, client: "203.0.113.9"},
		{name: "IPv6", peer: proxy, headers: []string{"X-Forwarded-For: 2001:db8::1"}, client: "2001:db8::1"},
		{name: "IPv6, quoted, bracketed, with a port", peer: proxy, headers: []string{`Forwarded: For="[2001:DB8::1]:4711"`}, client: "2001:db8::1"},
		{name: "IPv4-mapped", peer: proxy, headers: []string{"X-Forwarded-For: ::ffff:203.0.113.9"}, client: "203.0.113.9"},
		{name: "IPv6 proxy", peer: "[fd00::1]:1", headers: []string{"X-Forwarded-For: 203.0.113.9"}, client: "203.0.113.9"},
		{name: "garbage met on the walk", peer: proxy, headers: []string{"X-Forwarded-For: 203.0.113.9, x'; drop, 10.0.0.1"}, client: "10.0.0.3"},
		{name: "garbage beyond the client", peer: proxy, headers: []string{"X-Forwarded-For: garbage, 203.0.113.9"}, client: "203.0.113.9"},
		{name: "31 proxies", peer: proxy, headers: []string{"X-Forwarded-For: " + hops(31)}, client: "203.0.113.9"},
		{name: "more than 32 hops", peer: proxy, headers: []string{"X-Forwarded-For: " + hops(32)}, client: "10.0.0.3"},
		{
			name: "an invalid proto", peer: proxy, client: "203.0.113.9",
			headers: []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: a:b:c"},
		},
		{name: "unix peer", peer: "@", headers: []string{"X-Forwarded-For: 203.0.113.9"}, client: ""},
		{
			name: "trusted unix peer", peer: "@", opts: []mw.ServerOption{mw.WithTrustedUnixPeers()},
			headers: []string{"X-Forwarded-For: 203.0.113.9"}, client: "203.0.113.9",
		},
		{name: "X-Forwarded-Port is not read", peer: proxy, headers: []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Port: 8443"}, client: "203.0.113.9"},
		{name: "quoted with escapes", peer: proxy, headers: []string{`Forwarded: for="203.0.113.\9"`}, client: "203.0.113.9"},
		{name: "a swallowed element", peer: proxy, headers: []string{`Forwarded: for="1.2.3.4`, "Forwarded: for=203.0.113.9"}, client: "10.0.0.3"},
		{name: "for given twice", peer: proxy, headers: []string{"Forwarded: for=1.2.3.4;for=203.0.113.9"}, client: "10.0.0.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest("GET", "/x")
			r.Host, r.RemoteAddr = "example.com", tt.peer
			for _, line := range tt.headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Add(name, value)
			}
			opts := append([]mw.ServerOption{trusted}, tt.opts...)
			if tt.alone {
				opts = tt.opts
			}
			_, got := serve(t, status(200), r, opts...)
			wantAttrs(t, got, map[string]string{
				"client.address": tt.client, "url.scheme": or(tt.scheme, "http"), "server.address": or(tt.host, "example.com"), "server.port": "",
			})
		})
	}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func TestHosts(t *testing.T) {
	tests := []struct{ host, address, port string }{
		{"[::1]:8080", "::1", "8080"},
		{"example.com", "example.com", ""},
		{"a:b:c", "", ""},
		{"", "", ""},
		{"[::1]", "::1", ""},
		{"[1.2.3.4]", "", ""},
		{"[::1", "", ""},
		{"[::1]x", "", ""},
		{"example.com:70000", "example.com", ""},
		{"example.com:0", "example.com", ""},
		{"example.com:x", "", ""},
		{"exa mple.com", "", ""},
		{"user@example.com", "", ""},
	}
	for _, tt := range tests {
		t.Run("host "+tt.host, func(t *testing.T) {
			r := newRequest("GET", "/x")
			r.Host = tt.host
			_, got := serve(t, status(200), r)
			wantAttrs(t, got, map[string]string{"server.address": tt.address, "server.port": tt.port})
		})
	}
}

func TestPeers(t *testing.T) {
	tests := []struct{ remote, address, port string }{
		{"192.0.2.1:5100", "192.0.2.1", "5100"},
		{"[2001:db8::1]:5100", "2001:db8::1", "5100"},
		{"[::ffff:192.0.2.1]:5100", "192.0.2.1", "5100"},
		{"[fe80::1%eth0]:5100", "fe80::1", "5100"},
		{"192.0.2.1", "192.0.2.1", ""},
		{"::1", "::1", ""},
		{"@", "", ""},
		{"", "", ""},
		{"/run/x.sock", "", ""},
		{"example.com:80", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.remote, func(t *testing.T) {
			r := newRequest("GET", "/x")
			r.RemoteAddr = tt.remote
			_, got := serve(t, status(200), r)
			wantAttrs(t, got, map[string]string{
				"network.peer.address": tt.address, "network.peer.port": tt.port, "client.address": tt.address,
			})
		})
	}
}

func TestQueries(t *testing.T) {
	tests := []struct {
		name, query, want string
		opts              []mw.ServerOption
	}{
		{"another case", "SIG=x", "SIG=REDACTED", nil},
		{"no value", "sig", "sig", nil},
		{"repeated", "sig=1&sig=2", "sig=REDACTED&sig=REDACTED", nil},
		{"escaped key", "%73ig=x", "%73ig=REDACTED", nil},
		{"all defaults", "AWSAccessKeyId=1&Signature=2&X-Goog-Signature=3&X-Amz-Signature=4&X-Amz-Credential=5&X-Amz-Security-Token=6",
			"AWSAccessKeyId=REDACTED&Signature=REDACTED&X-Goog-Signature=REDACTED&X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED", nil},
		{"all else stays as it was sent", "b=%zz&a;c&&sig=a=b&d=+%20&", "b=%zz&a;c&&sig=REDACTED&d=+%20&", nil},
		{"a key that is only partly escaped well", "%zz%74oken=x", "%zz%74oken=REDACTED", nil},
		{"keys are added", "mine=1&sig=2&MINE=3&m%69ne=4&mined=5", "mine=REDACTED&sig=REDACTED&MINE=REDACTED&m%69ne=REDACTED&mined=5",
			[]mw.ServerOption{mw.WithSensitiveQueryKeys("mine")}},
		{"keys are added by two options", "a=1&b=2", "a=REDACTED&b=REDACTED", []mw.ServerOption{mw.WithSensitiveQueryKeys("a"), mw.WithSensitiveQueryKeys("b")}},
		{"no keys are added", "sig=2", "sig=REDACTED", []mw.ServerOption{mw.WithSensitiveQueryKeys()}},
		{"keys are replaced", "mine=1&sig=2&code=3", "mine=REDACTED&sig=2&code=3", []mw.ServerOption{mw.WithOnlySensitiveQueryKeys("Mine")}},
		{"keys are replaced, then added to", "a=1&b=2&sig=3", "a=REDACTED&b=REDACTED&sig=3",
			[]mw.ServerOption{mw.WithOnlySensitiveQueryKeys("a"), mw.WithSensitiveQueryKeys("b")}},
		{"no redaction", "sig=2", "sig=2", []mw.ServerOption{mw.WithOnlySensitiveQueryKeys()}},
		{"WithoutQuery", "a=1", "", []mw.ServerOption{mw.WithoutQuery()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest("GET", "/x")
			r.URL.RawQuery = tt.query
			_, got := serve(t, status(200), r, tt.opts...)
			wantAttrs(t, got, map[string]string{"url.query": tt.want})
		})
	}
}

func TestCapturedHeaders(t *testing.T) {
	request := func() *http.Request {
		r := newRequest("GET", "/x")
		r.Header["X-Tenant"] = []string{"a", "b"}
		r.Header.Set("Authorization", "Bearer secret")
		return r
	}
	respond := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Before", "1")
		w.Header().Set("Set-Cookie", "secret")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-After", "2")
	})
	const in, out = "http.request.header.", "http.response.header."
	many := request()
	many.Header["X-Tenant"] = strings.Split(strings.Repeat("v,", 40), ",")
	tests := []struct {
		name string
		r    *http.Request
		opts []mw.ServerOption
		want map[string]string
	}{
		{"two lines", request(), []mw.ServerOption{mw.WithCapturedRequestHeaders("x-TENANT")}, map[string]string{in + "x-tenant": `["a","b"]`}},
		{"no option", request(), nil, map[string]string{in + "x-tenant": ""}},
		{"redacted", request(), []mw.ServerOption{mw.WithCapturedRequestHeaders("Authorization")}, map[string]string{in + "authorization": `["REDACTED"]`}},
		{"unredacted", request(), []mw.ServerOption{mw.WithCapturedRequestHeaders("Authorization"), mw.WithUnredactedHeaders("authorization")},
			map[string]string{in + "authorization": `["Bearer secret"]`}},
		{"response headers, also set late", request(), []mw.ServerOption{mw.WithCapturedResponseHeaders("X-Before", "X-After", "Set-Cookie")},
			map[string]string{out + "x-before": `["1"]`, out + "x-after": "", out + "set-cookie": `["REDACTED"]`}},
		{"Host", request(), []mw.ServerOption{mw.WithCapturedRequestHeaders("Host")}, map[string]string{in + "host": `["example.com:8080"]`}},
		{"at most 16 values", many, []mw.ServerOption{mw.WithCapturedRequestHeaders("X-Tenant")},
			map[string]string{in + "x-tenant": fmt.Sprintf("[%s]", strings.TrimSuffix(strings.Repeat(`"v",`, 16), ","))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := serve(t, respond, tt.r, tt.opts...)
			wantAttrs(t, got, tt.want)
		})
	}
}
