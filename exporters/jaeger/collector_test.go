package jaeger_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// collector answers with a script, one answer per request; when the script is over, it takes everything.
type collector struct {
	t      *testing.T
	decode func(testing.TB, []byte) batch

	mu       sync.Mutex
	script   []answer
	requests []*http.Request
	at       []time.Time
	sizes    []int
	batches  []batch // of the requests it took
	metadata []metadata.MD
}

// answer is what a collector does with a request; the zero value takes it.
type answer struct {
	status int
	header map[string]string
	body   string
	act    func(http.ResponseWriter) // instead of all that
	code   codes.Code                // over gRPC
}

func (c *collector) next(size int) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.sizes = append(c.at, time.Now()), append(c.sizes, size)
	if len(c.script) == 0 {
		return answer{}
	}
	a := c.script[0]
	c.script = c.script[1:]
	return a
}

func (c *collector) take(body []byte) {
	b := c.decode(c.t, body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches = append(c.batches, b)
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c.mu.Lock()
	c.requests = append(c.requests, r)
	c.mu.Unlock()
	a := c.next(len(body))
	switch {
	case a.act != nil:
		a.act(w)
	case a.status == 0:
		c.take(body)
		w.WriteHeader(http.StatusAccepted)
	default:
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}
}

func (c *collector) spans() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.batches {
		for _, s := range b.Spans {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (c *collector) attempts() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Time(nil), c.at...)
}

func serveHTTP(t *testing.T, script ...answer) (*collector, *httptest.Server) {
	t.Helper()
	c := &collector{t: t, decode: decodeBatch, script: script}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, srv
}

func collectorSection(url string) map[string]any {
	return map[string]any{"collector_endpoint": url}
}

// freePort is a port nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func listenAt(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
