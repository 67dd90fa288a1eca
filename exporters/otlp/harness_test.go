package otlp_test

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
	"github.com/spanroute/spanroute/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func spanS(change ...func(*tracetest.SpanStub)) sdktrace.ReadOnlySpan {
	start := time.Unix(1700000000, 123456789)
	traceID := trace.TraceID{0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf}
	s := tracetest.SpanStub{
		Name:        "Op",
		SpanKind:    trace.SpanKindInternal,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xfe, 1, 2, 3, 4, 5, 6, 7}, TraceFlags: 1}),
		Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xaa, 0, 0, 0, 0, 0, 0, 1}, TraceFlags: 1}),
		StartTime:   start,
		EndTime:     start.Add(1500),
		Resource:    resource.NewSchemaless(attribute.String("service.name", "MySvc")),
	}
	for _, f := range change {
		f(&s)
	}
	return s.Snapshot()
}

func spansS(n int) []sdktrace.ReadOnlySpan {
	out := make([]sdktrace.ReadOnlySpan, n)
	for i := range out {
		out[i] = spanS(func(s *tracetest.SpanStub) {
			s.SpanContext = s.SpanContext.WithSpanID(trace.SpanID{1, 2, 3, 4, 5, byte(i >> 16), byte(i >> 8), byte(i)})
		})
	}
	return out
}

// httpReceiver answers as told and keeps what it was sent.
type httpReceiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   [][]byte // decompressed
	at       []time.Time
}

func receiveHTTP(t testing.TB, answer func(n int, w http.ResponseWriter, r *http.Request)) *httpReceiver {
	rc := new(httpReceiver)
	rc.Server = httptest.NewServer(rc.handler(answer))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *httpReceiver) handler(answer func(n int, w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			in, _ = gzip.NewReader(r.Body)
		}
		body, _ := io.ReadAll(in)
		rc.mu.Lock()
		rc.requests, rc.bodies, rc.at = append(rc.requests, r), append(rc.bodies, body), append(rc.at, time.Now())
		n := len(rc.requests)
		rc.mu.Unlock()
		answer(n, w, r)
	})
}

func (rc *httpReceiver) count() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return len(rc.requests)
}

func (rc *httpReceiver) last() (*http.Request, []byte) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.requests[len(rc.requests)-1], rc.bodies[len(rc.bodies)-1]
}

func ok(int, http.ResponseWriter, *http.Request) {}

// grpcReceiver is an OTLP TraceService that answers as told.
type grpcReceiver struct {
	coltracepb.UnimplementedTraceServiceServer
	target string // 127.0.0.1:port
	answer func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error)
	mu     sync.Mutex
	calls  []metadata.MD
	spans  []int
	at     []time.Time
	packed bool // the last message was compressed
}

func receiveGRPC(t testing.TB, answer func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error), opts ...grpc.ServerOption) *grpcReceiver {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveGRPC(t, l, answer, opts...)
}

func serveGRPC(t testing.TB, l net.Listener, answer func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error), opts ...grpc.ServerOption) *grpcReceiver {
	rc := &grpcReceiver{target: l.Addr().String(), answer: answer}
	srv := grpc.NewServer(append(opts, grpc.StatsHandler(rc))...)
	coltracepb.RegisterTraceServiceServer(srv, rc)
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	return rc
}

func (rc *grpcReceiver) Export(ctx context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	n := 0
	for _, rs := range req.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			n += len(ss.Spans)
		}
	}
	md, _ := metadata.FromIncomingContext(ctx)
	rc.mu.Lock()
	rc.calls, rc.spans, rc.at = append(rc.calls, md), append(rc.spans, n), append(rc.at, time.Now())
	call := len(rc.calls)
	rc.mu.Unlock()
	if rc.answer == nil {
		return &coltracepb.ExportTraceServiceResponse{}, nil
	}
	return rc.answer(call, ctx)
}

// The stats handler sees the compression.
func (rc *grpcReceiver) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (rc *grpcReceiver) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}
func (rc *grpcReceiver) HandleConn(context.Context, stats.ConnStats) {}
func (rc *grpcReceiver) HandleRPC(_ context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InHeader); ok {
		rc.mu.Lock()
		rc.packed = in.Compression == "gzip"
		rc.mu.Unlock()
	}
}

func (rc *grpcReceiver) count() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return len(rc.calls)
}

func (rc *grpcReceiver) total() (n int) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, s := range rc.spans {
		n += s
	}
	return n
}

func prepare(section map[string]any) (registry.Opener, error) {
	var r registry.Registry
	if err := r.Register(otlp.Factory); err != nil {
		return nil, err
	}
	return r.Prepare("otlp", section)
}

// open builds the exporter as root does, with a batch delay that makes tests quick.
func open(t testing.TB, section map[string]any, change ...func(*registry.BuildContext)) delivery.Destination {
	t.Helper()
	opener, err := prepare(section)
	if err != nil {
		t.Fatal(err)
	}
	common := registry.BuildContext{
		Source:   func(string) string { return "app.yaml:3:5" },
		Delivery: delivery.Options{ID: "otlp", BatchDelay: time.Millisecond, Logger: slog.New(slog.DiscardHandler)},
	}
	for _, f := range change {
		f(&common)
	}
	x, err := opener(context.Background(), common)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		x.Shutdown(ctx)
	})
	return x.(delivery.Destination)
}

// flush exports spans and waits for all to be delivered or dropped.
func flush(t testing.TB, x delivery.Destination, spans ...sdktrace.ReadOnlySpan) delivery.Stats {
	t.Helper()
	if err := x.ExportSpans(context.Background(), spans); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := x.ForceFlush(ctx); err != nil {
		t.Fatalf("%v: %+v", err, x.Stats())
	}
	return account(t, x)
}

// account returns the accounts and checks that they add up (D1).
func account(t testing.TB, x delivery.Destination) delivery.Stats {
	t.Helper()
	s := x.Stats()
	if s.Ended != s.Delivered+s.DroppedTotal()+s.Queued {
		t.Errorf("accounts do not add up: %+v", s)
	}
	return s
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

// locked makes a builder safe for the engine's goroutines.
type locked struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// logTo sends the destination's log to b, which must not be read before Shutdown.
func logTo(b *strings.Builder) func(*registry.BuildContext) {
	return func(c *registry.BuildContext) { c.Delivery.Logger = slog.New(slog.NewTextHandler(&locked{b: b}, nil)) }
}
