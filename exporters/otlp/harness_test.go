package otlp_test

import (
	"context"
	"net"
	"sync"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var exporter = exportertest.Exporter{Name: "otlp", Factory: otlp.Factory}

// A grpcReceiver is an OTLP TraceService that keeps what it receives.
type grpcReceiver struct {
	coltracepb.UnimplementedTraceServiceServer
	target string // 127.0.0.1:port
	answer func(n int, ctx context.Context) (*coltracepb.ExportTraceServiceResponse, error)
	mu     sync.Mutex
	calls  []metadata.MD
	spans  []int
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
	rc.calls, rc.spans = append(rc.calls, md), append(rc.spans, n)
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
