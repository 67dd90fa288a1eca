package jaeger_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	tests := []struct{ endpoint, want string }{
		{"/api/traces?format=jaeger.thrift", "/api/traces?format=jaeger.thrift"},
		{"/api/traces", "/api/traces"},
		{"", "/api/traces"},
		{"/", "/api/traces"},
		{"/api/traces/", "/api/traces"},
		{"/proxy/jaeger", "/proxy/jaeger"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			t.Parallel()
			c, srv := serveHTTP(t)
			q := open(t, common(new(logBook)), collectorSection(srv.URL+tt.endpoint))
			enqueue(q, 1, 3)
			flush(t, q)
			if got := c.spans(); len(got) != 2 || q.Stats().Delivered != 2 {
				t.Fatalf("spans %v, want 2; %+v", got, q.Stats())
			}
			r := c.requests[0]
			if got := r.URL.RequestURI(); got != tt.want || r.Method != http.MethodPost {
				t.Errorf("%s %s, want POST %s", r.Method, got, tt.want)
			}
			if got := r.Header.Get("Content-Type"); got != "application/vnd.apache.thrift.binary" {
				t.Errorf("Content-Type %q", got)
			}
			if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "spanroute/") {
				t.Errorf("User-Agent %q", got)
			}
			if r.ContentLength != int64(c.sizes[0]) || r.Header.Get("Authorization") != "" {
				t.Errorf("Content-Length %d of %d, Authorization %q", r.ContentLength, c.sizes[0], r.Header.Get("Authorization"))
			}
		})
	}
}

func TestBasicAuthentication(t *testing.T) {
	t.Parallel()
	c, srv := serveHTTP(t)
	s := collectorSection(srv.URL)
	s["username"], s["password"] = "u", "p:ä"
	q := open(t, common(new(logBook)), s)
	enqueue(q, 0, 1)
	flush(t, q)
	user, password, ok := c.requests[0].BasicAuth()
	if !ok || user != "u" || password != "p:ä" {
		t.Errorf("Basic %q %q %v, want u p:ä", user, password, ok)
	}
}

func TestUserInformationOfTheEndpoint(t *testing.T) {
	t.Parallel()
	var log logBook
	c, srv := serveHTTP(t, answer{status: 401})
	q := open(t, common(&log), collectorSection(strings.Replace(srv.URL, "http://", "http://u:s3cr3t@", 1)))
	enqueue(q, 0, 1)
	flush(t, q)
	if user, password, _ := c.requests[0].BasicAuth(); user != "u" || password != "s3cr3t" {
		t.Errorf("Basic %q %q, want u s3cr3t", user, password)
	}
	text := log.wait(t, "check headers, username and password")
	if strings.Contains(text, "s3cr3t") || strings.Contains(text, "***") {
		t.Errorf("log: %s", text)
	}
}

func TestCollectorTakesPrecedenceOverAgent(t *testing.T) {
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	c, srv := serveHTTP(t)
	s := section(a)
	s["collector_endpoint"] = srv.URL
	q := open(t, common(new(logBook)), s)
	enqueue(q, 0, 5)
	flush(t, q)
	if len(c.spans()) != 5 || len(a.received()) != 0 {
		t.Errorf("%d spans at the collector, %d packets at the agent, want 5 and 0", len(c.spans()), len(a.received()))
	}
}

func TestBatchesAreIndependent(t *testing.T) {
	t.Parallel()
	c, srv := serveHTTP(t, answer{status: 400, body: "no"})
	q := open(t, common(new(logBook)), collectorSection(srv.URL))
	q.Enqueue(numbered(1).Snapshot())
	q.Enqueue(numbered(2, func(s *tracetest.SpanStub) {
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "Other"))
	}).Snapshot())
	flush(t, q)
	if got := c.spans(); len(got) != 1 || len(c.attempts()) != 2 {
		t.Errorf("%d attempts, spans %v, want both batches tried and one taken", len(c.attempts()), got)
	}
	if s := q.Stats(); s.Dropped[delivery.DropRejected] != 1 || s.Delivered != 1 {
		t.Errorf("accounts %+v, want one rejected and one delivered", s)
	}
}

func TestLargeAttributeOverHTTP(t *testing.T) {
	t.Parallel()
	c, srv := serveHTTP(t)
	q := open(t, common(new(logBook)), collectorSection(srv.URL))
	large := strings.Repeat("x", 1<<20)
	q.Enqueue(numbered(1).Snapshot())
	q.Enqueue(numbered(2, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("k", large)} }).Snapshot())
	flush(t, q)
	if got := c.spans(); len(got) != 2 || c.batches[0].Spans[1].Tags[0].Value != large {
		t.Errorf("spans %v, want both, with the attribute whole", got)
	}
}

func TestRejected(t *testing.T) {
	t.Parallel()
	var log logBook
	c, srv := serveHTTP(t, answer{status: 400, body: strings.Repeat("bad\n", 1000)})
	q := open(t, common(&log), collectorSection(srv.URL))
	enqueue(q, 0, 7)
	flush(t, q)
	if len(c.attempts()) != 1 || q.Stats().Dropped[delivery.DropRejected] != 7 {
		t.Errorf("%d attempts, %+v, want 1 and 7 rejected", len(c.attempts()), q.Stats())
	}
	if text := log.wait(t, "400"); strings.Count(text, "bad") > 50 {
		t.Errorf("log: %s", text)
	}
}

// TestRetryAfter bounds the wait by MaxRetryAfter. Without the header it would be 20 ms at most.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const least = 100 * time.Millisecond
	for _, status := range []int{429, 503} {
		for _, after := range []string{"60", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)} {
			t.Run(fmt.Sprint(status, " ", after), func(t *testing.T) {
				t.Parallel()
				c, srv := serveHTTP(t, answer{status: status, header: map[string]string{"Retry-After": after}})
				cm := common(new(logBook))
				cm.Delivery.Retry.MaxRetryAfter = least
				q := open(t, cm, collectorSection(srv.URL))
				enqueue(q, 0, 1)
				eventually(t, "the span", func() bool { return q.Stats().Delivered == 1 })
				at := c.attempts()
				if wait := at[1].Sub(at[0]); wait < least-5*time.Millisecond || wait > 3*time.Second {
					t.Errorf("second attempt after %s, want %s to 3 s", wait, least)
				}
			})
		}
	}
}

// TestRetryAfterHeader checks the wait that a sender returns for each form of the header.
func TestRetryAfterHeader(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{"seconds": "2", "date": time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat)} { // dates have whole seconds
		_, srv := serveHTTP(t, answer{status: 503, header: map[string]string{"Retry-After": after}})
		o := jaeger.PostOnce(t.Context(), srv.URL+"/api/traces")
		if o.Verdict != delivery.Retry || o.RetryAfter < 1950*time.Millisecond || o.RetryAfter > 3*time.Second {
			t.Errorf("%s: %s after %s, want a retry after 2 s to 3 s", name, o.Verdict, o.RetryAfter)
		}
	}
}

// hijack ends the connection in a way of its own.
func hijack(end func(net.Conn)) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			end(conn)
		}
	}
}

func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func TestRetried(t *testing.T) {
	t.Parallel()
	hang := func(w http.ResponseWriter) {
		hijack(func(c net.Conn) {
			_, _ = io.Copy(io.Discard, c) // until the client hangs up
			_ = c.Close()
		})(w)
	}
	for name, a := range map[string]answer{
		"408": {status: 408}, "429": {status: 429}, "500": {status: 500}, "502": {status: 502}, "503": {status: 503}, "504": {status: 504},
		"closed without an answer": {act: hijack(func(c net.Conn) { _ = c.Close() })},
		"reset":                    {act: hijack(reset)},
		"hang":                     {act: hang},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, srv := serveHTTP(t, a)
			cm := common(new(logBook))
			cm.Delivery.Timeout = 300 * time.Millisecond
			q := open(t, cm, collectorSection(srv.URL))
			enqueue(q, 0, 3)
			flush(t, q)
			if s := q.Stats(); s.Delivered != 3 || s.DroppedTotal() != 0 || s.Retries != 1 {
				t.Errorf("accounts %+v, want 3 delivered with one retry", s)
			}
			at := c.attempts()
			if wait := at[len(at)-1].Sub(at[0]); name == "hang" && wait > 2*time.Second {
				t.Errorf("the hang was cut after %s, want about 300 ms", wait)
			}
		})
	}
}

func TestNotFoundSaysThePath(t *testing.T) {
	t.Parallel()
	_, srv := serveHTTP(t, answer{status: 404})
	q := open(t, common(new(logBook)), collectorSection(srv.URL+"/wrong"))
	enqueue(q, 0, 1)
	flush(t, q)
	if hint := q.Stats().Hint; !strings.Contains(hint, "/wrong") || !strings.Contains(hint, "/api/traces") {
		t.Errorf("hint %q, want both paths", hint)
	}
}

func TestTooLargeIsSplit(t *testing.T) {
	t.Parallel()
	c, srv := serveHTTP(t, answer{status: 413}, answer{status: 400, body: "http: request body too large"})
	q := open(t, common(new(logBook)), collectorSection(srv.URL))
	enqueue(q, 0, 40)
	flush(t, q)
	if len(c.spans()) != 40 || q.Stats().Delivered != 40 {
		t.Errorf("%d spans stored, %+v", len(c.spans()), q.Stats())
	}
}

func TestServerComesLater(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	q := open(t, common(new(logBook)), collectorSection("http://"+addr))
	enqueue(q, 0, 3)
	eventually(t, "a failed attempt", func() bool { return q.Stats().LastError != "" })
	c := &collector{t: t, decode: decodeBatch}
	srv := httptest.NewUnstartedServer(c)
	srv.Listener.Close()
	srv.Listener = listenAt(t, addr)
	srv.Start()
	t.Cleanup(srv.Close)
	flush(t, q)
	if len(c.spans()) != 3 {
		t.Errorf("%d spans stored, want 3", len(c.spans()))
	}
}

// More than two requests would overrun the queue of the collector.
func TestTwoRequestsInFlight(t *testing.T) {
	t.Parallel()
	var (
		mu       sync.Mutex
		now, top int
		sizes    []int
	)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		mu.Lock()
		now++
		top = max(top, now)
		sizes = append(sizes, len(decodeBatch(t, body.Bytes()).Spans))
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	c := common(new(logBook))
	c.Delivery.Senders = 16
	q := open(t, c, collectorSection(srv.URL))
	enqueue(q, 0, 4000)
	flush(t, q)
	mu.Lock()
	defer mu.Unlock()
	if top > 2 {
		t.Errorf("%d requests at once, want at most 2", top)
	}
	for _, n := range sizes {
		if n > 500 {
			t.Errorf("a request of %d spans, want at most 500", n)
		}
	}
}
