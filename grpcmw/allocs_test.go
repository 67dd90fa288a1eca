//go:build !race

package grpcmw_test

import (
	"context"
	"net"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw/tracing"
	"github.com/spanroute/spanroute/sampling"
)

// discarding is a Tracing whose samplers read no attributes and whose processor drops all spans.
type discarding struct {
	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator
	live       policy.Live
}

func newDiscarding(sampler sdktrace.Sampler) *discarding {
	return &discarding{
		provider:   sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(discard{})),
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
}

// newOwn returns a discarding with the provider, the sampler and the propagator of spanroute.
func newOwn(rate float64) *discarding {
	return &discarding{
		provider: recording.New(recording.Config{
			Sampler:    sampling.NewDynamic(sampling.Ratio(rate)),
			Limits:     sdktrace.NewSpanLimits(),
			Processors: []sdktrace.SpanProcessor{discard{}},
		}),
		propagator: instrumentation.NewW3C(true),
	}
}

func (d *discarding) TracerProvider() trace.TracerProvider      { return d.provider }
func (d *discarding) Propagator() propagation.TextMapPropagator { return d.propagator }
func (d *discarding) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: true, Policy: func() tracing.Policy { return d.live.Load() }}
}

type discard struct{}

func (discard) IgnoresStart() bool                              { return true }
func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// callAllocs returns the allocations of one unary call, client and server together.
func callAllocs(t *testing.T, server []grpc.ServerOption, client []grpc.DialOption) float64 {
	t.Helper()
	return testing.AllocsPerRun(400, newCall(t, server, client))
}

// newCall returns a function that makes one unary call over loopback.
func newCall(t testing.TB, server []grpc.ServerOption, client []grpc.DialOption) func() {
	t.Helper()
	s := grpc.NewServer(server...)
	testgrpc.RegisterTestServiceServer(s, &service{})
	lis, target, _ := listen(t, "tcp")
	go func() { _ = s.Serve(lis) }()
	cc := newClient(t, target, append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	t.Cleanup(func() { _ = cc.Close(); s.Stop() })
	stub := testgrpc.NewTestServiceClient(cc)
	ctx, req := context.Background(), &testgrpc.SimpleRequest{}
	call := func() {
		if _, err := stub.UnaryCall(ctx, req); err != nil {
			t.Error(err)
		}
	}
	for range 150 { // pools, header tables
		call()
	}
	return call
}

func TestAllocations(t *testing.T) {
	if !spantest.IsFirst() {
		return // it has providers of its own
	}
	always, never := newDiscarding(sdktrace.ParentBased(sdktrace.AlwaysSample())), newDiscarding(sdktrace.ParentBased(sdktrace.NeverSample()))
	on, off := newOwn(1), newOwn(0)
	none := callAllocs(t, nil, nil)
	for _, tt := range []struct {
		name     string
		tracing  *discarding
		w        way
		onClient bool
		most     float64
	}{
		{"server interceptor, sampled", on, way{}, false, 6},
		{"server interceptor, unsampled", off, way{}, false, 4},
		{"server options, sampled", on, way{stats: true}, false, 24},
		{"server options, unsampled", off, way{stats: true}, false, 22},
		{"client interceptor, sampled", on, way{}, true, 12},
		{"client interceptor, unsampled", off, way{}, true, 9},
		{"dial options, sampled", on, way{stats: true}, true, 28},
		{"dial options, unsampled", off, way{stats: true}, true, 25},
		{"the SDK, server interceptor, sampled", always, way{}, false, 9},
		{"the SDK, server interceptor, unsampled", never, way{}, false, 6},
		{"the SDK, server options, sampled", always, way{stats: true}, false, 27},
		{"the SDK, server options, unsampled", never, way{stats: true}, false, 24},
		{"the SDK, client interceptor, sampled", always, way{}, true, 15},
		{"the SDK, client interceptor, unsampled", never, way{}, true, 11},
		{"the SDK, dial options, sampled", always, way{stats: true}, true, 31},
		{"the SDK, dial options, unsampled", never, way{stats: true}, true, 27},
	} {
		with := grpcmw.With(tt.tracing)
		var server []grpc.ServerOption
		var client []grpc.DialOption
		if tt.onClient {
			client = tt.w.client(with)
		} else {
			server = tt.w.server(with)
		}
		added := callAllocs(t, server, client) - none
		t.Logf("%s: %v allocations added, bound %v", tt.name, added, tt.most)
		if added > tt.most {
			t.Errorf("%s: %v allocations added, want at most %v", tt.name, added, tt.most)
		}
	}
}

// TestAllocationsOfInterceptors calls the interceptors directly. One allocation of a sampled RPC is the text of the address
// of its peer.
func TestAllocationsOfInterceptors(t *testing.T) {
	if !spantest.IsFirst() {
		return // it has providers of its own
	}
	info := &grpc.UnaryServerInfo{FullMethod: "/" + unary}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	root, remote := serverContext(nil), serverContext([]string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
	for _, tt := range []struct {
		name string
		rate float64
		ctx  context.Context
		want float64
	}{
		{"sampled root", 1, root, 3},
		{"sampled, remote parent", 1, remote, 3},
		{"unsampled", 0, root, 1},
	} {
		intercept := grpcmw.UnaryServerInterceptor(grpcmw.With(newOwn(tt.rate)))
		if got := testing.AllocsPerRun(200, func() { _, _ = intercept(tt.ctx, nil, info, handler) }); got != tt.want {
			t.Errorf("server, %s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
	for rate, want := range map[float64]float64{1: 8, 0: 6} {
		intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(newOwn(rate)))
		if got := testing.AllocsPerRun(200, func() { _ = intercept(context.Background(), "/"+unary, nil, nil, nil, nothing) }); got != want {
			t.Errorf("client, rate %v: %v allocations, want %v", rate, got, want)
		}
	}
}

// serverContext returns the context of an RPC with the metadata and the peer of a real call.
func serverContext(traceparent []string) context.Context {
	md := metadata.MD{
		":authority": {"127.0.0.1:50051"}, "content-type": {"application/grpc"}, "user-agent": {"grpc-go/1.85.0"}, "grpc-accept-encoding": {"gzip"},
	}
	if traceparent != nil {
		md["traceparent"] = traceparent
	}
	ctx := metadata.NewIncomingContext(context.Background(), md)
	return peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}})
}
