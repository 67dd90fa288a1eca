package jaeger_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
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

func TestHTTPRequest(t *testing.T) { // H1, H2
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

func TestBasicAuthentication(t *testing.T) { // H3
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

func TestCollectorBeatsAgent(t *testing.T) { // H4
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

func TestBatchesAreIndependent(t *testing.T) { // J13
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

func TestLargeAttributeOverHTTP(t *testing.T) { // J22
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

func TestRejected(t *testing.T) { // D2
	t.Parallel()
	var log logBook
	c, srv := serveHTTP(t, answer{status: 400, body: strings.Repeat("bad\n", 1000)})
	q := open(t, common(&log), collectorSection(srv.URL))
	enqueue(q, 0, 7)
	flush(t, q)
	if len(c.attempts()) != 1 || q.Stats().Dropped[delivery.DropRejected] != 7 {
		t.Errorf("%d attempts, %+v, want 1 and 7 rejected", len(c.attempts()), q.Stats())
	}
	if text := strings.Join(log.lines(), ""); !strings.Contains(text, "400") || strings.Count(text, "bad") > 50 {
		t.Errorf("log: %s", text)
	}
}

func TestRetryAfter(t *testing.T) { // D3, all at once because each takes its two seconds
	t.Parallel()
	type attempt struct {
		name string
		q    delivery.Queuer
		c    *collector
	}
	var attempts []attempt
	for _, status := range []int{429, 503} {
		for _, form := range []string{"seconds", "date"} {
			after := "2"
			if form == "date" { // whole seconds: one more, and it is between 2 and 3
				after = time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat)
			}
			c, srv := serveHTTP(t, answer{status: status, header: map[string]string{"Retry-After": after}})
			q := open(t, common(new(logBook)), collectorSection(srv.URL))
			enqueue(q, 0, 1)
			attempts = append(attempts, attempt{fmt.Sprint(status, " ", form), q, c})
		}
	}
	for _, x := range attempts {
		eventually(t, x.name+" delivered", func() bool { return x.q.Stats().Delivered == 1 })
		at := x.c.attempts()
		if wait := at[1].Sub(at[0]); wait < 1950*time.Millisecond || wait > 3*time.Second {
			t.Errorf("%s: second attempt after %s, want 2 s to 3 s", x.name, wait)
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

func TestRetried(t *testing.T) { // D4, D8
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

func TestServerComesLater(t *testing.T) { // D7
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

// rawCodec is the server's view of a body.
type rawCodec struct{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return "proto" }

// serveGRPC takes PostSpans and nothing else.
func serveGRPC(t *testing.T, l net.Listener, c *collector, opts ...grpc.ServerOption) {
	t.Helper()
	handler := func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		if method != "/jaeger.api_v2.CollectorService/PostSpans" {
			return status.Error(codes.Unimplemented, method)
		}
		var body []byte
		if err := stream.RecvMsg(&body); err != nil {
			return err
		}
		md, _ := metadata.FromIncomingContext(stream.Context())
		c.mu.Lock()
		c.metadata = append(c.metadata, md)
		c.mu.Unlock()
		if a := c.next(len(body)); a.code != codes.OK {
			return status.Error(a.code, a.body)
		}
		c.take(body)
		return stream.SendMsg([]byte{})
	}
	srv := grpc.NewServer(append(opts, grpc.UnknownServiceHandler(handler), grpc.ForceServerCodecV2(rawCodec{}))...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-done
	})
}

func grpcSection(endpoint string, insecure any) map[string]any {
	s := map[string]any{"protocol": "grpc", "collector_endpoint": endpoint}
	if insecure != nil {
		s["grpc"] = map[string]any{"insecure": insecure}
	}
	return s
}

func TestGRPC(t *testing.T) { // H8
	t.Parallel()
	tests := []struct {
		name, listen, scheme string
		insecure             any
	}{
		{"host:port, insecure", "127.0.0.1:0", "", true},
		{"http://", "127.0.0.1:0", "http://", nil},
		{"http:// beats insecure: false", "127.0.0.1:0", "http://", false},
		{"a path is ignored", "127.0.0.1:0", "http://", nil},
		{"IPv6", "[::1]:0", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", tt.listen)
			if err != nil && strings.HasPrefix(tt.listen, "[") {
				t.Logf("no IPv6 here: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c := &collector{t: t, decode: decodePost}
			serveGRPC(t, l, c)
			endpoint := tt.scheme + l.Addr().String()
			if strings.Contains(tt.name, "path") {
				endpoint += "/some/path"
			}
			q := open(t, common(new(logBook)), grpcSection(endpoint, tt.insecure))
			enqueue(q, 0, 3)
			flush(t, q)
			if len(c.spans()) != 3 || q.Stats().Delivered != 3 {
				t.Errorf("%d spans stored, %+v", len(c.spans()), q.Stats())
			}
			if got := c.metadata[0].Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "spanroute/") {
				t.Errorf("user-agent %q", got)
			}
		})
	}
}

func TestGRPCSplitsTenMegabytes(t *testing.T) { // H5
	t.Parallel()
	l := listenAt(t, "127.0.0.1:0")
	c := &collector{t: t, decode: decodePost}
	serveGRPC(t, l, c)
	s := grpcSection(l.Addr().String(), true)
	s["username"], s["password"] = "u", "p"
	q := open(t, common(new(logBook)), s)
	text := strings.Repeat("x", 20<<10)
	for i := range 500 {
		q.Enqueue(numbered(i, func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.String("k", text)} }).Snapshot())
	}
	flush(t, q)
	if len(c.spans()) != 500 {
		t.Errorf("%d spans stored, want 500; %+v", len(c.spans()), q.Stats())
	}
	for _, size := range c.sizes {
		if size > 4<<20 {
			t.Errorf("a request of %d bytes", size)
		}
	}
	if got := c.metadata[0].Get("authorization"); len(got) != 1 || got[0] != "Basic dTpw" {
		t.Errorf("authorization %q, want Basic u:p", got)
	}
}

func TestGRPCResourceExhausted(t *testing.T) { // D5
	t.Parallel()
	for _, tt := range []struct {
		text  string
		sizes int
	}{{"busy", 2}, {"grpc: received message larger than max (5000000 vs. 4194304)", 3}} {
		t.Run(tt.text, func(t *testing.T) {
			l := listenAt(t, "127.0.0.1:0")
			c := &collector{t: t, decode: decodePost, script: []answer{{code: codes.ResourceExhausted, body: tt.text}}}
			serveGRPC(t, l, c)
			cm := common(new(logBook))
			cm.Delivery.BatchDelay = time.Minute
			q := open(t, cm, grpcSection(l.Addr().String(), true))
			enqueue(q, 0, 20)
			flush(t, q)
			if len(c.spans()) != 20 || q.Stats().Delivered != 20 {
				t.Errorf("%d spans stored, %+v", len(c.spans()), q.Stats())
			}
			if len(c.sizes) != tt.sizes {
				t.Errorf("%d requests, want %d", len(c.sizes), tt.sizes)
			}
		})
	}
}

func TestGRPCServerComesLater(t *testing.T) { // D7 for gRPC
	t.Parallel()
	addr := freePort(t)
	q := open(t, common(new(logBook)), grpcSection(addr, true))
	enqueue(q, 0, 3)
	eventually(t, "a failed attempt", func() bool { return q.Stats().LastError != "" })
	c := &collector{t: t, decode: decodePost}
	serveGRPC(t, listenAt(t, addr), c)
	flush(t, q)
	if len(c.spans()) != 3 {
		t.Errorf("%d spans stored, want 3", len(c.spans()))
	}
}

// certificate writes the certificate of httptest's server, which is its own CA.
func certificate(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tlsServer(t *testing.T, c *collector) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(c)
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestTLS(t *testing.T) {
	t.Parallel()
	c := &collector{t: t, decode: decodeBatch}
	srv := tlsServer(t, c)
	ca := certificate(t, srv)

	s := collectorSection(srv.URL)
	s["thrift"] = map[string]any{"certificate_file": ca}
	q := open(t, common(new(logBook)), s)
	enqueue(q, 0, 3)
	flush(t, q)
	if len(c.spans()) != 3 {
		t.Errorf("https: %d spans stored, want 3", len(c.spans()))
	}

	g := &collector{t: t, decode: decodePost}
	conf := srv.TLS.Clone()
	conf.NextProtos = []string{"h2"}
	l := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, l, g, grpc.Creds(credentials.NewTLS(conf)))
	s = grpcSection(l.Addr().String(), nil) // no scheme: TLS
	s["grpc"] = map[string]any{"certificate_file": ca}
	q = open(t, common(new(logBook)), s)
	enqueue(q, 0, 3)
	flush(t, q)
	if len(g.spans()) != 3 {
		t.Errorf("grpc: %d spans stored, want 3", len(g.spans()))
	}
}

func TestTLSMismatch(t *testing.T) { // H6
	t.Parallel()
	plain := &collector{t: t, decode: decodePost}
	l := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, l, plain)
	secure := &collector{t: t, decode: decodePost}
	srv := tlsServer(t, secure)
	conf := srv.TLS.Clone()
	conf.NextProtos = []string{"h2"}
	ls := listenAt(t, "127.0.0.1:0")
	serveGRPC(t, ls, secure, grpc.Creds(credentials.NewTLS(conf)))
	_, webSrv := serveHTTP(t)
	type destination struct {
		name string
		q    delivery.Queuer
		log  *logBook
	}
	var waiting []destination

	for _, tt := range []struct {
		name    string
		section map[string]any
		hint    string
	}{
		{"gRPC with TLS to a plain server", grpcSection("https://"+l.Addr().String(), nil), "plaintext"},
		{"plain gRPC to a TLS server", grpcSection("http://"+ls.Addr().String(), nil), "TLS"},
		{"https to a plain server", collectorSection("https://" + webSrv.Listener.Addr().String()), "plaintext"},
		{"http to a TLS server", collectorSection("http://" + srv.Listener.Addr().String()), "TLS"},
		{"unknown CA", collectorSection("https://" + srv.Listener.Addr().String()), "certificate_file"},
	} {
		var log logBook
		q := open(t, common(&log), tt.section)
		enqueue(q, 0, 2)
		eventually(t, tt.name+": a log line", func() bool { return len(log.lines()) > 0 })
		if hint := q.Stats().Hint; !strings.Contains(hint, tt.hint) {
			t.Errorf("%s: hint %q, want one about %s; %s", tt.name, hint, tt.hint, q.Stats().LastError)
		}
		enqueue(q, 2, 50)
		waiting = append(waiting, destination{tt.name, q, &log})
	}
	time.Sleep(300 * time.Millisecond) // a second attempt would be due by now, 20 ms after the first
	for _, d := range waiting {
		if s := d.q.Stats(); s.Queued != 50 || s.Retries > 0 {
			t.Errorf("%s: accounts %+v, want everything waiting and no second attempt", d.name, s)
		}
		if n := len(d.log.lines()); n != 1 {
			t.Errorf("%s: %d log lines, want 1: %s", d.name, n, strings.Join(d.log.lines(), "\n"))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = d.q.Shutdown(ctx)
	}
}

func TestCertificateFaults(t *testing.T) { // H7
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/no/such/ca.pem", noPEM} {
		for key, s := range map[string]map[string]any{
			"grpc.certificate_file":   {"protocol": "grpc", "collector_endpoint": "https://127.0.0.1:1", "grpc": map[string]any{"certificate_file": path}},
			"thrift.certificate_file": {"collector_endpoint": "https://127.0.0.1:1", "thrift": map[string]any{"certificate_file": path}},
		} {
			opener, err := registry.Default().Prepare("jaeger", s)
			if err != nil {
				t.Fatal(err)
			}
			_, err = opener(context.Background(), common(new(logBook)))
			var fault *registry.KeyError
			if !errors.As(err, &fault) || fault.Key != key || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v, want an error with key and path", key, path, err)
			}
		}
	}
}

// TestTwoRequestsInFlight: more would overrun the collector's queue (section 3).
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
