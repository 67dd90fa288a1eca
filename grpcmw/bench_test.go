//go:build !race

package grpcmw_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/spanroute/spanroute/grpcmw"
)

var benchTracings = []struct {
	name    string
	tracing *discarding
}{
	{"sampled", newOwn(1)},
	{"unsampled", newOwn(0)},
	{"SDK/sampled", newDiscarding(sdktrace.ParentBased(sdktrace.AlwaysSample()))},
	{"SDK/unsampled", newDiscarding(sdktrace.ParentBased(sdktrace.NeverSample()))},
}

// BenchmarkServerInterceptor is the interceptor alone, with the metadata and peer of a real call.
func BenchmarkServerInterceptor(b *testing.B) {
	for _, bb := range benchTracings {
		b.Run(bb.name, func(b *testing.B) {
			intercept := grpcmw.UnaryServerInterceptor(grpcmw.With(bb.tracing))
			ctx := serverContext(nil)
			info := &grpc.UnaryServerInfo{FullMethod: "/" + unary}
			handler := func(context.Context, any) (any, error) { return nil, nil }
			b.ReportAllocs()
			for b.Loop() {
				_, _ = intercept(ctx, nil, info, handler)
			}
		})
	}
}

// BenchmarkClientInterceptor is the interceptor alone: what it costs on the wire is not in it.
func BenchmarkClientInterceptor(b *testing.B) {
	for _, bb := range benchTracings {
		b.Run(bb.name, func(b *testing.B) {
			intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(bb.tracing))
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				_ = intercept(ctx, "/"+unary, nil, nil, nil, nothing)
			}
		})
	}
}

// BenchmarkCall is a whole call over loopback.
func BenchmarkCall(b *testing.B) {
	run := func(name string, server []grpc.ServerOption, client []grpc.DialOption) {
		b.Run(name, func(b *testing.B) {
			call := newCall(b, server, client)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
	run("untraced", nil, nil)
	for _, bb := range benchTracings {
		with := grpcmw.With(bb.tracing)
		run("server/interceptor/"+bb.name, way{}.server(with), nil)
		run("server/options/"+bb.name, way{stats: true}.server(with), nil)
		run("client/interceptor/"+bb.name, nil, way{}.client(with))
		run("client/options/"+bb.name, nil, way{stats: true}.client(with))
	}
}

var _ testgrpc.TestServiceServer = (*service)(nil)
