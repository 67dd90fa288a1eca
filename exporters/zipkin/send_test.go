package zipkin_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestPostsWhereTheEndpointSays(t *testing.T) { // Z10
	t.Parallel()
	rc := receive(t, accept)
	for path, want := range map[string]string{"": "/api/v2/spans", "/": "/api/v2/spans", "/custom": "/custom", "/a?b=c": "/a?b=c"} {
		flush(t, open(t, map[string]any{"endpoint": rc.URL + path}), spanS())
		if got := rc.requests[rc.count()-1].RequestURI; got != want {
			t.Errorf("endpoint path %q posts to %s, want %s", path, got, want)
		}
	}
	flush(t, open(t, map[string]any{"url": strings.TrimPrefix(rc.URL, "http://")}), spanS())
	if got := rc.requests[rc.count()-1].RequestURI; got != "/api/v2/spans" {
		t.Errorf("endpoint without scheme posts to %s, want /api/v2/spans", got)
	}
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	rc := receive(t, accept)
	section := map[string]any{
		"endpoint": "http://u:p%C3%A4@" + strings.TrimPrefix(rc.URL, "http://"),
		"headers":  settings.Pairs{{Name: "X-Tenant", Value: "t1"}, {Name: "content-type", Value: "text/plain"}, {Name: "Host", Value: "other"}, {Name: "Keep-Alive", Value: "timeout=5"}},
	}
	flush(t, open(t, section), spanS())
	r := rc.requests[0]
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "spanroute/0.1.0", "X-Tenant": "t1", "Keep-Alive": "timeout=5",
		"Authorization": "Basic dTpww6Q=", "Content-Length": fmt.Sprint(len(rc.bodies[0])), "Content-Encoding": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if r.Method != http.MethodPost || r.Host == "other" {
		t.Errorf("method, host = %s, %s", r.Method, r.Host)
	}
}

func TestAnyTwoHundredIsDelivered(t *testing.T) { // Z9
	t.Parallel()
	for _, status := range []int{200, 202, 204} {
		rc := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if s := flush(t, open(t, map[string]any{"endpoint": rc.URL}), spansS(3)...); s.Delivered != 3 || s.Retries != 0 {
			t.Errorf("%d: delivered %d with %d retries, want 3 with 0", status, s.Delivered, s.Retries)
		}
	}
}

func TestRejected(t *testing.T) { // D2
	t.Parallel()
	tests := []struct {
		status int
		header http.Header
		body   string
		err    string
		hint   string
	}{
		{400, nil, strings.Repeat("x", 300) + "tail", "answer 400 Bad Request: " + strings.Repeat("x", 100), ""},
		{401, nil, "who\nare you", `401 Unauthorized: who\nare you`, "check headers"},
		{404, nil, "", "404", "/api/v2/spans"},
		{302, http.Header{"Location": {"http://u:secret@other/x?token=secret"}}, "", "302 Found", "redirects are not followed"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()
			rc := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			})
			s := flush(t, open(t, map[string]any{"endpoint": rc.URL}), spansS(3)...)
			if s.Dropped[delivery.DropRejected] != 3 || s.Retries != 0 || rc.count() != 1 {
				t.Errorf("stats %+v after %d requests, want 3 rejected after 1", s, rc.count())
			}
			if !strings.Contains(s.LastError, tt.err) || !strings.Contains(s.Hint, tt.hint) {
				t.Errorf("error, hint = %q, %q, want %q, %q in them", s.LastError, s.Hint, tt.err, tt.hint)
			}
			if strings.Contains(s.LastError+s.Hint, "secret") || strings.Contains(s.LastError, "tail") {
				t.Errorf("error, hint = %q, %q say too much", s.LastError, s.Hint)
			}
		})
	}
}

// TestRetriesUntilWell is D4 and D8: what passes by itself is tried again.
func TestRetriesUntilWell(t *testing.T) {
	t.Parallel()
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := map[string]func(http.ResponseWriter, *http.Request){
		"408": status(408), "429": status(429), "500": status(500), "502": status(502), "503": status(503), "504": status(504),
		"EOF":   func(w http.ResponseWriter, _ *http.Request) { hijack(w).Close() },
		"reset": func(w http.ResponseWriter, _ *http.Request) { c := hijack(w); c.(*net.TCPConn).SetLinger(0); c.Close() },
		"hang":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			c := hijack(w)
			c.Write([]byte("HTTP/1.1 20"))
			c.Close()
		},
	}
	for name, fail := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := receive(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					fail(w, r)
					return
				}
				w.WriteHeader(202)
			})
			s := flush(t, open(t, map[string]any{"endpoint": rc.URL}, func(c *registry.BuildContext) { c.Delivery.Timeout = 300 * time.Millisecond }), spansS(3)...)
			if s.Delivered != 3 || s.Retries != 1 || rc.count() != 2 {
				t.Errorf("stats %+v after %d requests, want 3 delivered after 2", s, rc.count())
			}
		})
	}
}

func hijack(w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return c
}

func TestHungServerIsCutAtTheTimeout(t *testing.T) { // Z11
	t.Parallel()
	ended := make(chan time.Duration, 1)
	rc := receive(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n > 1 {
			w.WriteHeader(202)
			return
		}
		start := time.Now()
		<-r.Context().Done()
		ended <- time.Since(start)
	})
	flush(t, open(t, map[string]any{"endpoint": rc.URL}, func(c *registry.BuildContext) { c.Delivery.Timeout = time.Second }), spanS())
	if got := <-ended; got < 800*time.Millisecond || got > 1200*time.Millisecond {
		t.Errorf("the attempt ended after %v, want 1s ± 0.2s", got)
	}
}

func TestRetryAfter(t *testing.T) { // D3, D9
	t.Parallel()
	tests := map[string]struct {
		status   int
		value    func() string
		min, max time.Duration
	}{
		"seconds":      {429, func() string { return "2" }, 2 * time.Second, 3 * time.Second},
		"HTTP date":    {503, func() string { return time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat) }, 2 * time.Second, 4 * time.Second},
		"unreadable":   {503, func() string { return "soon" }, 0, 1500 * time.Millisecond},
		"negative":     {503, func() string { return "-1" }, 0, 1500 * time.Millisecond},
		"a past date":  {503, func() string { return "Fri, 31 Dec 1999 23:59:59 GMT" }, 0, 1500 * time.Millisecond},
		"not for 400s": {408, func() string { return "" }, 0, 1500 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
				if n == 1 {
					w.Header().Set("Retry-After", tt.value())
					w.WriteHeader(tt.status)
				}
			})
			s := flush(t, open(t, map[string]any{"endpoint": rc.URL}), spansS(3)...)
			if s.Delivered != 3 {
				t.Fatalf("stats %+v, want 3 delivered", s)
			}
			if wait := rc.at[1].Sub(rc.at[0]); wait < tt.min-5*time.Millisecond || wait > tt.max {
				t.Errorf("second attempt after %v, want %v to %v", wait, tt.min, tt.max)
			}
		})
	}
}

func TestTooLargeIsSplit(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(w http.ResponseWriter){
		"413": func(w http.ResponseWriter) { w.WriteHeader(413) },
		"400": func(w http.ResponseWriter) { http.Error(w, "http: request body too large", 400) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			seen := map[string]bool{}
			rc := receive(t, nil)
			rc.Config.Handler = rc.handler(func(n int, w http.ResponseWriter, r *http.Request) {
				rc.mu.Lock()
				body := rc.bodies[n-1]
				rc.mu.Unlock()
				spans := decode(t, body)
				if len(spans) > 2 {
					refuse(w)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for _, s := range spans {
					seen[s.ID] = true
				}
			})
			s := flush(t, open(t, map[string]any{"endpoint": rc.URL}), spansS(9)...)
			if s.Delivered != 9 || len(seen) != 9 {
				t.Errorf("stats %+v, %d spans seen, want 9 delivered", s, len(seen))
			}
		})
	}
}

func TestServerThatStartsLate(t *testing.T) { // D7
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	x := open(t, map[string]any{"endpoint": "http://" + addr}, func(c *registry.BuildContext) { c.Delivery.Retry.Max = time.Second })
	late := time.AfterFunc(3*time.Second, func() {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) })}
		t.Cleanup(func() { srv.Close() })
		go srv.Serve(l)
	})
	defer late.Stop()
	if s := flush(t, x, spansS(3)...); s.Delivered != 3 || !strings.Contains(s.LastError, "connection refused") {
		t.Errorf("stats %+v, want 3 delivered after connection refused", s)
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	x := open(t, map[string]any{"endpoint": "http://no-such.invalid"})
	if err := x.ExportSpans(context.Background(), spansS(1)); err != nil {
		t.Fatal(err)
	}
	s := failing(t, x)
	if s.Queued != 1 || !strings.Contains(s.Hint, "zipkin.endpoint (app.yaml:3:5)") {
		t.Errorf("stats %+v, want 1 queued and a hint that names the key's place", s)
	}
}

// failing waits for the first failure.
func failing(t testing.TB, x delivery.Destination) delivery.Stats {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if s := account(t, x); s.LastError != "" {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no failure within 10 s")
	return delivery.Stats{}
}

// authority writes the certificate of a server, which is its own CA, and returns the path.
func authority(t testing.TB, srv *httptest.Server) string {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestTLS(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(secure.Close)
	ca := authority(t, secure)
	plain := receive(t, accept)
	tests := map[string]struct {
		section map[string]any
		hint    string // "": delivered
	}{
		"CA of the server":         {map[string]any{"endpoint": secure.URL, "certificate_file": ca}, ""},
		"unknown CA":               {map[string]any{"endpoint": secure.URL}, "set certificate_file to the CA"},
		"TLS to a plaintext port":  {map[string]any{"endpoint": strings.Replace(plain.URL, "http:", "https:", 1)}, "use http://"},
		"plaintext to a TLS port":  {map[string]any{"endpoint": strings.Replace(secure.URL, "https:", "http:", 1)}, "use https://"},
		"CA is ignored with http:": {map[string]any{"endpoint": plain.URL, "certificate_file": "/no/such"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, tt.section)
			if tt.hint == "" {
				if s := flush(t, x, spansS(2)...); s.Delivered != 2 {
					t.Errorf("stats %+v, want 2 delivered", s)
				}
				return
			}
			if err := x.ExportSpans(context.Background(), spansS(2)); err != nil {
				t.Fatal(err)
			}
			s := failing(t, x)
			if !strings.Contains(s.Hint, tt.hint) || s.Queued != 2 {
				t.Errorf("stats %+v, want 2 queued and %q in the hint", s, tt.hint)
			}
		})
	}
}

func TestTLSMinimum(t *testing.T) {
	t.Parallel()
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} // both, or it serves nobody
	old.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	old.StartTLS()
	t.Cleanup(old.Close)
	x := open(t, map[string]any{"endpoint": old.URL, "certificate_file": authority(t, old)})
	x.ExportSpans(context.Background(), spansS(1))
	if s := failing(t, x); s.Delivered != 0 || !strings.Contains(s.LastError, "protocol version") || s.Hint == "" {
		t.Errorf("stats %+v, want a refused handshake with a hint", s)
	}
}

// TestMisconfiguredBacksOff: after the first failure there is at most one attempt per 30 s (H6, O6).
func TestMisconfiguredBacksOff(t *testing.T) {
	t.Parallel()
	rc := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Client sent an HTTP request to an HTTPS server.", 400)
	})
	x := open(t, map[string]any{"endpoint": rc.URL})
	x.ExportSpans(context.Background(), spansS(600))
	failing(t, x)
	time.Sleep(time.Second)
	if n := rc.count(); n > 2 { // both senders may have been under way
		t.Errorf("%d attempts within a second, want at most 2", n)
	}
}

func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	rc := receive(t, accept)
	x := open(t, map[string]any{"endpoint": rc.URL})
	for range 3 {
		flush(t, x, spanS())
	}
	for _, r := range rc.requests[1:] {
		if r.RemoteAddr != rc.requests[0].RemoteAddr {
			t.Errorf("request from %s, want %s again", r.RemoteAddr, rc.requests[0].RemoteAddr)
		}
	}
}

// TestShutdownLeavesNothing: D13, D14, with a server that hangs; TestMain looks for goroutines.
func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 9)
	rc := receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-r.Context().Done() })
	x := open(t, map[string]any{"endpoint": rc.URL})
	x.ExportSpans(context.Background(), spansS(3))
	<-arrived
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := x.Shutdown(ctx); err == nil {
		t.Error("Shutdown = nil, want the context's error with the number left")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Shutdown took %v, want at most 100 ms more than its context", took)
	}
	if err := x.Shutdown(context.Background()); err != nil {
		t.Errorf("second Shutdown = %v, want nil", err)
	}
	if err := x.ExportSpans(context.Background(), spansS(1)); err != delivery.ErrShutdown {
		t.Errorf("export after Shutdown = %v, want ErrShutdown", err)
	}
	if s := account(t, x); s.Dropped[delivery.DropShutdown] != 4 {
		t.Errorf("stats %+v, want 4 dropped by shutdown", s)
	}
}

func TestBuildingContactsNobody(t *testing.T) { // D12
	t.Parallel()
	start := time.Now()
	open(t, map[string]any{"endpoint": "http://no-such.invalid:1"})
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("building took %v, want less than 100 ms", took)
	}
}
