//go:build !race

package grpcmw_test

import (
	"context"
	"net"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/spanroute/spanroute/grpcmw"
)

var benchSamplers = []struct {
	name    string
	sampler sdktrace.Sampler
}{
	{"sampled", sdktrace.ParentBased(sdktrace.AlwaysSample())},
	{"unsampled", sdktrace.ParentBased(sdktrace.NeverSample())},
}

// BenchmarkServerInterceptor is the interceptor alone, with the metadata and peer of a real call.
func BenchmarkServerInterceptor(b *testing.B) {
	for _, bb := range benchSamplers {
		b.Run(bb.name, func(b *testing.B) {
			intercept := grpcmw.UnaryServerInterceptor(grpcmw.With(newDiscarding(bb.sampler)))
			ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{
				":authority": {"127.0.0.1:50051"}, "content-type": {"application/grpc"}, "user-agent": {"grpc-go/1.85.0"}, "grpc-accept-encoding": {"gzip"},
			})
			ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}})
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
	for _, bb := range benchSamplers {
		b.Run(bb.name, func(b *testing.B) {
			intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(newDiscarding(bb.sampler)))
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
	for _, bb := range benchSamplers {
		with := grpcmw.With(newDiscarding(bb.sampler))
		run("server/interceptor/"+bb.name, way{}.server(with), nil)
		run("server/options/"+bb.name, way{stats: true}.server(with), nil)
		run("client/interceptor/"+bb.name, nil, way{}.client(with))
		run("client/options/"+bb.name, nil, way{stats: true}.client(with))
	}
}

var _ testgrpc.TestServiceServer = (*service)(nil)
