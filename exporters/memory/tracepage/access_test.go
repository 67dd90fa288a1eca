package tracepage_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/exporters/memory/tracepage"
)

// The parts of the page; all are refused or answered alike.
var pageParts = []string{"/", "/?asset=page.js", "/?data=traces", "/?data=trace" + firstTrace, "/?data=download" + firstTrace, "/?data=wait&seen=99"}

func TestWhoMayReadThePage(t *testing.T) {
	t.Parallel()
	store := held(pageSpan(1, 1, 0, "root", 0, 1))
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	allow := func(hosts ...string) []tracepage.Option {
		return []tracepage.Option{tracepage.AllowHosts(hosts...)}
	}
	const loopback, elsewhere = "127.0.0.1:8080", "192.0.2.1:8080"
	const alone, named = "served on loopback only", "may not read"
	rows := []struct {
		name     string
		listener string // "": the server does not record its address
		host     string
		header   http.Header
		opts     []tracepage.Option
		refused  string // part of the reason; "" is answered
	}{
		{"localhost", loopback, "localhost:8080", nil, nil, ""},
		{"localhost without a port", loopback, "localhost", nil, nil, ""},
		{"localhost in capitals and with a final dot", loopback, "LocalHost.:8080", nil, nil, ""},
		{"a name below localhost", loopback, "shop.localhost:8080", nil, nil, ""},
		{"an IPv4 address", loopback, "127.0.0.1:8080", nil, nil, ""},
		{"an IPv6 address", "[::1]:8080", "[::1]:8080", nil, nil, ""},
		{"an IPv6 address without a port", "[::1]:8080", "[::1]", nil, nil, ""},
		{"a name that a stranger resolves to 127.0.0.1", loopback, "rebind.example:8080", nil, nil, named},
		{"a name that begins like localhost", loopback, "localhost.rebind.example:8080", nil, nil, named},
		{"a name that ends like localhost", loopback, "evillocalhost:8080", nil, nil, named},
		{"a name that looks like an address", loopback, "127.0.0.1.rebind.example", nil, nil, named},
		{"a number", loopback, "2130706433", nil, nil, named},
		{"no host", loopback, "", nil, nil, named},
		{"a very long host", loopback, strings.Repeat("a", 5000), nil, nil, named},
		{"an allowed name", loopback, "Traces.Example.com:8080", nil, allow("other", "traces.example.COM"), ""},
		{"an allowed name with a port and a dot", loopback, "traces.example.com", nil, allow("traces.example.com.:80"), ""},
		{"a name below an allowed one", loopback, "evil.traces.example.com", nil, allow("traces.example.com"), named},
		{"an empty name allows no missing host", elsewhere, "", nil, allow(""), alone},
		{"an empty name allows no empty host", elsewhere, ":8080", nil, allow("", ".", "[]"), alone},
		{"two options add up", loopback, "a", nil, append(allow("a"), allow("b")...), ""},
		{"localhost beside an allowed name", loopback, "localhost:1", nil, allow("traces.example.com"), ""},
		{"every host is allowed", elsewhere, "anything.example", nil, allow("*"), ""},

		{"an address of another interface", elsewhere, "192.0.2.1:8080", nil, nil, alone},
		{"localhost that is forwarded to another interface", elsewhere, "localhost:8080", nil, nil, alone},
		{"an allowed name at another interface", elsewhere, "shop:8080", nil, allow("shop"), ""},
		{"an allowed address at another interface", elsewhere, "192.0.2.1:8080", nil, allow("192.0.2.1"), ""},
		{"an allowed IPv6 address at another interface", "[2001:db8::1]:80", "[2001:db8::1]", nil, allow("[2001:db8::1]"), ""},
		{"another name than the allowed one at another interface", elsewhere, "localhost", nil, allow("shop"), alone},
		{"a server that does not record its address", "", "localhost:8080", nil, nil, alone},
		{"an allowed name at such a server", "", "shop", nil, allow("shop"), ""},

		{"typed into the address bar", loopback, "localhost:8080", header("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"), nil, ""},
		{"the page's own script", loopback, "localhost:8080", header("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"), nil, ""},
		{"a link on another port of localhost", loopback, "localhost:8080", header("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate"), nil, ""},
		{"a script of another port of localhost", loopback, "localhost:8080", header("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"), nil, "another site"},
		{"a script of another site", loopback, "localhost:8080", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), nil, "another site"},
		{"a link of another site", loopback, "localhost:8080", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), nil, "another site"},
		{"a script of another site at an allowed name", elsewhere, "shop", header("Sec-Fetch-Site", "cross-site"), allow("shop"), "another site"},
		{"a script of another site where every host is allowed", elsewhere, "shop", header("Sec-Fetch-Site", "cross-site"), allow("*"), "another site"},
		{"its own origin", loopback, "localhost:8080", header("Origin", "http://localhost:8080"), nil, ""},
		{"its own origin behind TLS", elsewhere, "shop", header("Origin", "https://SHOP"), allow("shop"), ""},
		{"another origin", loopback, "localhost:8080", header("Origin", "http://evil.example"), nil, "another origin"},
		{"another port", loopback, "localhost:8080", header("Origin", "http://localhost:3000"), nil, "another origin"},
		{"an opaque origin", loopback, "localhost:8080", header("Origin", "null"), nil, "another origin"},
		{"two origins", loopback, "localhost:8080", header("Origin", "http://localhost:8080", "Origin", "http://evil.example"), nil, "another origin"},
		{"an origin that does not parse", loopback, "localhost:8080", header("Origin", "://"), nil, "another origin"},
	}
	for _, row := range rows {
		page := tracepage.Handler(store, row.opts...)
		for _, part := range pageParts {
			r := httptest.NewRequest(http.MethodGet, part, nil)
			r.Host, r.Header = row.host, row.header
			if row.listener != "" {
				r = r.WithContext(received(r.Context(), row.listener))
			}
			w := httptest.NewRecorder()
			page.ServeHTTP(w, r)
			if row.refused == "" {
				if w.Code != http.StatusOK {
					t.Errorf("%s: GET %s: %d %s, want 200", row.name, part, w.Code, w.Body)
				}
				continue
			}
			var fault struct{ Error string }
			if err := json.Unmarshal(w.Body.Bytes(), &fault); err != nil || w.Code != http.StatusForbidden || !strings.Contains(fault.Error, row.refused) || len(fault.Error) > 300 {
				t.Errorf("%s: GET %s: %d %s, want 403 and %q", row.name, part, w.Code, w.Body, row.refused)
			}
		}
	}
}

// Whatever is answered, no other origin may read, embed or frame it.
func TestEveryAnswerIsForItsOriginOnly(t *testing.T) {
	t.Parallel()
	page := tracepage.Handler(held(pageSpan(1, 1, 0, "root", 0, 1)))
	for _, host := range []string{"localhost", "rebind.example"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			for _, part := range append(pageParts, "/?data=what", "/?asset=what") {
				r := request(method, part)
				r.Host = host
				w := httptest.NewRecorder()
				page.ServeHTTP(w, r)
				got := w.Result().Header
				if got.Get("Cross-Origin-Resource-Policy") != "same-origin" || got.Get("Cross-Origin-Opener-Policy") != "same-origin" ||
					!strings.Contains(got.Get("Content-Security-Policy"), "frame-ancestors 'none'") || got.Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s at %s: headers %v", method, part, host, got)
				}
				for name := range got {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s at %s: %s is %s", method, part, host, name, got.Get(name))
					}
				}
			}
		}
	}
}

// A real server records where it accepted a connection.
func TestRealListeners(t *testing.T) {
	page := tracepage.Handler(held(pageSpan(1, 1, 0, "root", 0, 1)))
	tests := []struct{ name, network, address string }{
		{"loopback", "tcp", "127.0.0.1:0"},
		{"a Unix socket", "unix", filepath.Join(t.TempDir(), "page.sock")},
	}
	for _, tt := range tests {
		listener, err := net.Listen(tt.network, tt.address)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(page)
		server.Listener.Close()
		server.Listener = listener
		server.Start()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, tt.network, listener.Addr().String())
		}}}
		for host, want := range map[string]int{"localhost": http.StatusOK, "rebind.example": http.StatusForbidden} {
			response, err := client.Get("http://" + host + "/?data=traces")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != want || (want != http.StatusOK && strings.Contains(string(body), "root")) {
				t.Errorf("%s: the host %s: %d %s, want %d", tt.name, host, response.StatusCode, body, want)
			}
		}
		server.Close()
	}
}

func ExampleAllowHosts() {
	mux := http.NewServeMux()
	// On a listener that is not on loopback, behind a proxy that knows who may read traces.
	mux.Handle("/debug/traces", tracepage.Handler(nil, tracepage.AllowHosts("traces.example.com")))
}
