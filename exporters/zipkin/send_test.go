package zipkin_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestPostsWhereTheEndpointSays(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, exportertest.Accept)
	for path, want := range map[string]string{"": "/api/v2/spans", "/": "/api/v2/spans", "/custom": "/custom", "/a?b=c": "/a?b=c"} {
		exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL + path}), exportertest.Span())
		if got := rc.Last().RequestURI; got != want {
			t.Errorf("endpoint path %q posts to %s, want %s", path, got, want)
		}
	}
	exportertest.Flush(t, exporter.Open(t, map[string]any{"url": strings.TrimPrefix(rc.URL, "http://")}), exportertest.Span())
	if got := rc.Last().RequestURI; got != "/api/v2/spans" {
		t.Errorf("endpoint without scheme posts to %s, want /api/v2/spans", got)
	}
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, exportertest.Accept)
	section := map[string]any{
		"endpoint": "http://u:p%C3%A4@" + strings.TrimPrefix(rc.URL, "http://"),
		"headers":  settings.Pairs{{Name: "X-Tenant", Value: "t1"}, {Name: "content-type", Value: "text/plain"}, {Name: "Host", Value: "other"}, {Name: "Keep-Alive", Value: "timeout=5"}},
	}
	exportertest.Flush(t, exporter.Open(t, section), exportertest.Span())
	r := rc.Requests()[0]
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "spanroute/0.1.0", "X-Tenant": "t1", "Keep-Alive": "timeout=5",
		"Authorization": "Basic dTpww6Q=", "Content-Length": fmt.Sprint(len(rc.Requests()[0].Content)), "Content-Encoding": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if r.Method != http.MethodPost || r.Host == "other" {
		t.Errorf("method, host = %s, %s", r.Method, r.Host)
	}
}

func TestAnyTwoHundredIsDelivered(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 202, 204} {
		rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL}), exportertest.Spans(3)...); s.Delivered != 3 || s.Retries != 0 {
			t.Errorf("%d: delivered %d with %d retries, want 3 with 0", status, s.Delivered, s.Retries)
		}
	}
}

func TestRejected(t *testing.T) {
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
			rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			})
			s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL}), exportertest.Spans(3)...)
			if s.Dropped[delivery.DropRejected] != 3 || s.Retries != 0 || rc.Count() != 1 {
				t.Errorf("stats %+v after %d requests, want 3 rejected after 1", s, rc.Count())
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

func TestRetriesUntilWell(t *testing.T) {
	t.Parallel()
	tests := maps.Clone(exportertest.Breaks)
	for _, code := range []int{408, 429, 500, 502, 503, 504} {
		tests[strconv.Itoa(code)] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, fail := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := exportertest.Receive(t, exportertest.Fail(fail))
			s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL}, exportertest.Timeout(300*time.Millisecond)), exportertest.Spans(3)...)
			if s.Delivered != 3 || s.Retries != 1 || rc.Count() != 2 {
				t.Errorf("stats %+v after %d requests, want 3 delivered after 2", s, rc.Count())
			}
		})
	}
}

func TestHungServerIsCutAtTheTimeout(t *testing.T) {
	t.Parallel()
	ended := make(chan time.Duration, 1)
	rc := exportertest.Receive(t, exportertest.Fail(func(_ http.ResponseWriter, r *http.Request) {
		start := time.Now()
		<-r.Context().Done()
		ended <- time.Since(start)
	}))
	exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL}, exportertest.Timeout(400*time.Millisecond)), exportertest.Span())
	if got := <-ended; got < 300*time.Millisecond || got > 5*time.Second { // the default is 10 s
		t.Errorf("the attempt ended after %v, want 400 ms", got)
	}
}

// Package delivery tests that it waits as long as the outcome of an attempt requires.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		value    string
		min, max time.Duration
	}{
		"seconds":      {429, "2", 2 * time.Second, 2 * time.Second},
		"HTTP date":    {503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 59 * time.Minute, time.Hour},
		"unreadable":   {503, "soon", 0, 0},
		"negative":     {503, "-1", 0, 0},
		"a past date":  {503, "Fri, 31 Dec 1999 23:59:59 GMT", 0, 0},
		"not for 400s": {408, "", 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", tt.value)
				w.WriteHeader(tt.status)
			})
			sender := zipkin.NewSender(t, rc.URL)
			defer sender.Close(context.Background())
			o := sender.Send(context.Background(), zipkin.NewEncoder(zipkin.Node{}, 0).Encode(exportertest.Spans(3), &delivery.Report{})[0])
			if o.Verdict != delivery.Retry || o.RetryAfter < tt.min || o.RetryAfter > tt.max {
				t.Errorf("verdict %v, next attempt after %v, want %v after %v to %v", o.Verdict, o.RetryAfter, delivery.Retry, tt.min, tt.max)
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
			rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
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
			s := exportertest.Flush(t, exporter.Open(t, map[string]any{"endpoint": rc.URL}), exportertest.Spans(9)...)
			if s.Delivered != 9 || len(seen) != 9 {
				t.Errorf("stats %+v, %d spans seen, want 9 delivered", s, len(seen))
			}
		})
	}
}

func TestServerThatStartsLate(t *testing.T) {
	t.Parallel()
	address := exportertest.FreeAddress(t)
	x := exporter.Open(t, map[string]any{"endpoint": "http://" + address})
	exportertest.FailsOnce(t, x, exportertest.Spans(3)...)
	exportertest.ReceiveAt(t, address, exportertest.Accept)
	if s := exportertest.Flush(t, x); s.Delivered != 3 || !strings.Contains(s.LastError, "connection refused") {
		t.Errorf("stats %+v, want 3 delivered after connection refused", s)
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	x := exporter.Open(t, map[string]any{"endpoint": "http://no-such.invalid"})
	s := exportertest.FailsOnce(t, x, exportertest.Spans(1)...)
	if s.Queued != 1 || !strings.Contains(s.Hint, "zipkin.endpoint (app.yaml:3:5)") {
		t.Errorf("stats %+v, want 1 queued and a hint that names the key's place", s)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a := exportertest.NewAuthority(t)
	secure, ca := exportertest.ReceiveTLS(t, exportertest.Accept, a.ServerTLS()), a.CA
	plain := exportertest.Receive(t, exportertest.Accept)
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
			x := exporter.Open(t, tt.section)
			if tt.hint == "" {
				if s := exportertest.Flush(t, x, exportertest.Spans(2)...); s.Delivered != 2 {
					t.Errorf("stats %+v, want 2 delivered", s)
				}
				return
			}
			s := exportertest.FailsOnce(t, x, exportertest.Spans(2)...)
			if !strings.Contains(s.Hint, tt.hint) || s.Queued != 2 {
				t.Errorf("stats %+v, want 2 queued and %q in the hint", s, tt.hint)
			}
		})
	}
}

func TestTLSMinimum(t *testing.T) {
	t.Parallel()
	a := exportertest.NewAuthority(t)
	config := a.ServerTLS()
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 // without the minimum it accepts no client
	old := exportertest.ReceiveTLS(t, exportertest.OK, config)
	x := exporter.Open(t, map[string]any{"endpoint": old.URL, "certificate_file": a.CA})
	if s := exportertest.FailsOnce(t, x, exportertest.Spans(1)...); s.Delivered != 0 || !strings.Contains(s.LastError, "protocol version") || s.Hint == "" {
		t.Errorf("stats %+v, want a refused handshake with a hint", s)
	}
}

// After the first failure there is at most one attempt in 30 s. An ordinary failure would be retried after at most 1 ms,
// 2 ms and so on.
func TestMisconfiguredBacksOff(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Client sent an HTTP request to an HTTPS server.", 400)
	})
	x := exporter.Open(t, map[string]any{"endpoint": rc.URL}, func(c *registry.BuildContext) { c.Delivery.Retry.Initial = time.Millisecond })
	exportertest.FailsOnce(t, x, exportertest.Spans(600)...)
	time.Sleep(300 * time.Millisecond)
	if n := rc.Count(); n > 2 { // both senders may have been under way
		t.Errorf("%d attempts, want at most 2", n)
	}
}

func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	rc := exportertest.Receive(t, exportertest.Accept)
	x := exporter.Open(t, map[string]any{"endpoint": rc.URL})
	for range 3 {
		exportertest.Flush(t, x, exportertest.Span())
	}
	for _, r := range rc.Requests()[1:] {
		if r.RemoteAddr != rc.Requests()[0].RemoteAddr {
			t.Errorf("request from %s, want %s again", r.RemoteAddr, rc.Requests()[0].RemoteAddr)
		}
	}
}

// The server hangs; TestMain looks for goroutines.
func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 9)
	rc := exportertest.Receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) { arrived <- struct{}{}; <-r.Context().Done() })
	x := exporter.Open(t, map[string]any{"endpoint": rc.URL}, exportertest.Soon)
	x.ExportSpans(context.Background(), exportertest.Spans(3))
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
	if err := x.ExportSpans(context.Background(), exportertest.Spans(1)); err != delivery.ErrShutdown {
		t.Errorf("export after Shutdown = %v, want ErrShutdown", err)
	}
	if s := exportertest.Account(t, x); s.Dropped[delivery.DropShutdown] != 4 {
		t.Errorf("stats %+v, want 4 dropped by shutdown", s)
	}
}

func TestBuildingOpensNoConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	exporter.Open(t, map[string]any{"endpoint": "http://" + l.Addr().String()})
	l.Close()
	if c, ok := <-accepted; ok {
		c.Close()
		t.Error("a connection was opened before the first span")
	}
}
