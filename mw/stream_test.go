package mw_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

func TestFlushBeforeWrite(t *testing.T) {
	rec := spantest.NewRecorder(t)
	received := make(chan struct{})
	srv := quietServer(t, mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "chunk")
		w.(http.Flusher).Flush()
		<-received // the chunk is at the client before the handler returns
	})))
	var logged syncBuffer
	srv.Config.ErrorLog = log.New(&logged, "", 0)
	srv.Start()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadFull(res.Body, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	close(received)
	wantAttrs(t, rec.One(t), map[string]string{"http.response.status_code": "200"})
	if logged.String() != "" {
		t.Errorf("the server logged %q, want nothing", logged.String())
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestServerSentEvents(t *testing.T) {
	next := make(chan struct{})
	got := serveReal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next // goes on when the client has the event
		}
	}), func(c *http.Client, url string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		for i := range 3 {
			if lines.Scan(); lines.Text() != fmt.Sprintf("data: %d", i) {
				t.Errorf("event %d = %q", i, lines.Text())
			}
			lines.Scan()
			next <- struct{}{}
		}
	})
	wantAttrs(t, got, map[string]string{"http.response.status_code": "200", "error.type": ""})
}

// echoUpgrade answers an upgrade to the protocol "echo" as WebSocket libraries do.
func echoUpgrade(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "echo" {
		http.Error(w, "upgrade expected", http.StatusBadRequest)
		return
	}
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "echo")
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	line, _ := rw.ReadString('\n')
	_, _ = rw.WriteString(line)
	_ = rw.Flush()
}

// speakEcho upgrades and exchanges one line.
func speakEcho(t *testing.T, c *http.Client, url string) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := res.Body.(io.ReadWriteCloser)
	if !ok || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d, body %T; want 101 and an io.ReadWriteCloser", res.StatusCode, res.Body)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("echo = %q, %v", line, err)
	}
}

func TestUpgrade(t *testing.T) {
	t.Run("upgraded", func(t *testing.T) {
		got := serveReal(t, http.HandlerFunc(echoUpgrade), func(c *http.Client, url string) { speakEcho(t, c, url) })
		wantAttrs(t, got, map[string]string{"http.response.status_code": "101", "error.type": ""})
	})
	t.Run("refused", func(t *testing.T) {
		got := serveReal(t, http.HandlerFunc(echoUpgrade), func(c *http.Client, url string) { get(t, c, url) })
		wantAttrs(t, got, map[string]string{"http.response.status_code": "400", "error.type": ""})
	})
}

func TestReverseProxy(t *testing.T) {
	// Three spans in one trace: the proxy's server span, its client span, the backend's server span. An upgrade
	// goes through all of them.
	rec := spantest.NewRecorder(t)
	server, opts := mw.New(mw.With(rec.Tracing())), []mw.ClientOption{mw.With(rec.Tracing())}
	backend := quietServer(t, server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			echoUpgrade(w, r)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})))
	backend.Start()
	target, _ := url.Parse(backend.URL)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport: mw.NewTransport(backend.Client().Transport, opts...),
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	front := quietServer(t, server(proxy))
	front.Start()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL+"/a", strings.NewReader("hello"))
	if _, body := fetch(t, front.Client(), r); body != "hello" {
		t.Errorf("body = %q, want hello", body)
	}
	spans := rec.Wait(t, 3)
	ids := make(map[trace.TraceID]int)
	for _, s := range spans {
		ids[s.SpanContext().TraceID()]++
	}
	if len(ids) != 1 || len(spantest.Of(spans, trace.SpanKindClient)) != 1 {
		t.Errorf("%d traces, want one of server, client and server", len(ids))
	}
	rec.Reset()
	speakEcho(t, front.Client(), front.URL)
	codes := make(map[string]int)
	for _, s := range rec.Wait(t, 3) {
		codes[s.Text("http.response.status_code")+s.Text("error.type")]++
	}
	if codes["101"] != 2 || codes[""] != 1 { // the proxy hijacks first and writes 101 to the connection itself
		t.Errorf("status codes = %v, want 101 twice and none once", codes)
	}
}

func TestTimeoutHandler(t *testing.T) {
	t.Run("inside", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		finished := make(chan struct{})
		h := http.TimeoutHandler(mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(finished)
			<-r.Context().Done()
			for { // until the handler outside has given up
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		})), time.Millisecond, "")
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		<-finished
		wantAttrs(t, rec.One(t), map[string]string{"http.response.status_code": "503", "error.type": "503"})
	})
	t.Run("inside, silent", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		h := http.TimeoutHandler(mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})), time.Millisecond, "")
		h.ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/x"))
		wantAttrs(t, rec.One(t), map[string]string{"http.response.status_code": "", "error.type": "context.DeadlineExceeded"})
	})
	t.Run("around", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), time.Millisecond, "")
		_, got := serve(t, h, newRequest("GET", "/x"))
		wantAttrs(t, got, map[string]string{"http.response.status_code": "503", "error.type": "503"})
	})
}

// protocolServer starts a server for the protocols set makes and returns a client for it.
func protocolServer(t *testing.T, h http.Handler, set func(*http.Protocols), secure bool) (*http.Client, string) {
	t.Helper()
	srv := quietServer(t, h)
	p := new(http.Protocols)
	set(p)
	srv.Config.Protocols = p
	transport := &http.Transport{Protocols: p}
	if secure {
		srv.EnableHTTP2 = p.HTTP2()
		srv.StartTLS()
		transport.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		transport.TLSClientConfig.MinVersion = tls.VersionTLS12
	} else {
		srv.Start()
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, srv.URL
}

func TestProtocols(t *testing.T) {
	tests := []struct {
		name            string
		set             func(*http.Protocols)
		secure          bool
		version, scheme string
	}{
		{"HTTP/1.1", func(p *http.Protocols) { p.SetHTTP1(true) }, false, "1.1", "http"},
		{"TLS", func(p *http.Protocols) { p.SetHTTP1(true) }, true, "1.1", "https"},
		{"HTTP/2", func(p *http.Protocols) { p.SetHTTP2(true) }, true, "2", "https"},
		{"h2c", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }, false, "2", "http"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := spantest.NewRecorder(t)
			h := mw.New(mw.With(rec.Tracing()))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, ok := w.(http.Pusher); ok != (r.ProtoMajor == 2) {
					t.Errorf("Pusher = %t on %s", ok, r.Proto)
				}
				body, _ := io.ReadAll(r.Body)
				w.(http.Flusher).Flush()
				_, _ = w.Write(body)
				w.Header().Set(http.TrailerPrefix+"X-Trailer", "t")
			}))
			c, url := protocolServer(t, h, tt.set, tt.secure)
			c.Transport = mw.NewTransport(c.Transport, mw.With(rec.Tracing()))
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("hello"))
			res, body := fetch(t, c, r)
			if body != "hello" || res.Trailer.Get("X-Trailer") != "t" {
				t.Errorf("body %q, trailer %v; want hello and X-Trailer", body, res.Trailer)
			}
			spans := rec.Wait(t, 2)
			for _, s := range spans {
				wantAttrs(t, s, map[string]string{"network.protocol.version": tt.version, "http.response.status_code": "200"})
			}
			wantAttrs(t, spantest.Of(spans, trace.SpanKindServer)[0], map[string]string{"url.scheme": tt.scheme})
		})
	}
}

func TestHTTP10(t *testing.T) {
	rec := spantest.NewRecorder(t)
	srv := quietServer(t, mw.New(mw.With(rec.Tracing()))(status(200)))
	srv.Start()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	_, _ = io.ReadAll(conn)
	wantAttrs(t, rec.One(t), map[string]string{"network.protocol.version": "1.0", "user_agent.original": "", "server.address": ""})
}

func TestPanicOverHTTP(t *testing.T) {
	// The client of a handler that panics loses the connection, as without the middleware.
	got := serveReal(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }), func(c *http.Client, url string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
		if res, err := c.Do(r); err == nil {
			_ = res.Body.Close()
			t.Errorf("the client got %d, want a lost connection", res.StatusCode)
		}
	})
	wantAttrs(t, got, map[string]string{"error.type": "string"})
}
