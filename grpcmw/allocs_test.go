//go:build !race

package grpcmw_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw/tracing"
)

// discarding is a Tracing whose samplers read no attributes and whose processor drops all spans.
type discarding struct {
	provider *sdktrace.TracerProvider
	live     policy.Live
}

func newDiscarding(sampler sdktrace.Sampler) *discarding {
	return &discarding{provider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(discard{}))}
}

func (d *discarding) TracerProvider() trace.TracerProvider { return d.provider }
func (*discarding) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}
func (d *discarding) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: true, Policy: func() tracing.Policy { return d.live.Load() }}
}

type discard struct{}

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
	always, never := sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample())
	none := callAllocs(t, nil, nil)
	for _, tt := range []struct {
		name     string
		sampler  sdktrace.Sampler
		w        way
		onClient bool
		most     float64
	}{
		{"server interceptor, sampled", always, way{}, false, 12},
		{"server interceptor, unsampled", never, way{}, false, 6},
		{"server options, sampled", always, way{stats: true}, false, 30},
		{"server options, unsampled", never, way{stats: true}, false, 27},
		{"client interceptor, sampled", always, way{}, true, 17},
		{"client interceptor, unsampled", never, way{}, true, 13},
		{"dial options, sampled", always, way{stats: true}, true, 34},
		{"dial options, unsampled", never, way{stats: true}, true, 30},
	} {
		with := grpcmw.With(newDiscarding(tt.sampler))
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
