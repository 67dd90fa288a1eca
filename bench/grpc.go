package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/test/bufconn"

	"github.com/spanroute/spanroute/grpcmw"
)

// grpcSides are one unary call with client, wire and server, and with tracing on one side of it: the interceptor alone,
// all options of spanroute, and the peer's stats handler.
func grpcSides() []side {
	on, off := newTracing(1), newTracing(0)
	with, without := grpcmw.With(start(1)), grpcmw.With(start(0))
	server := func(o ...grpc.ServerOption) func(*testing.B) { return call(o, nil) }
	client := func(o ...grpc.DialOption) func(*testing.B) { return call(nil, o) }
	return []side{
		{"call", call(nil, nil)},
		{"floor", server(grpc.UnaryInterceptor(byHandRPC(on)))},
		{"server, empty interceptor", server(grpc.UnaryInterceptor(emptyInterceptor))},
		{"server, empty stats handler", server(grpc.StatsHandler(emptyStats{}))},
		{"client, empty stats handler", client(grpc.WithStatsHandler(emptyStats{}))},
		{"client, traceparent by hand", client(grpc.WithUnaryInterceptor(traceparentByHand))},
		{"server, sampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(with)))},
		{"server, unsampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(without)))},
		{"ServerOptions, sampled", server(grpcmw.ServerOptions(with)...)},
		{"ServerOptions, unsampled", server(grpcmw.ServerOptions(without)...)},
		{"SDK, server, sampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(grpcmw.With(on))))},
		{"SDK, server, unsampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(grpcmw.With(off))))},
		{"otelgrpc server, sampled", server(otelgrpcServer(on))},
		{"otelgrpc server, unsampled", server(otelgrpcServer(off))},
		{"client, sampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(with)))},
		{"client, unsampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(without)))},
		{"DialOptions, sampled", client(grpcmw.DialOptions(with)...)},
		{"DialOptions, unsampled", client(grpcmw.DialOptions(without)...)},
		{"SDK, client, sampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(grpcmw.With(on))))},
		{"SDK, client, unsampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(grpcmw.With(off))))},
		{"otelgrpc client, sampled", client(otelgrpcClient(on))},
		{"otelgrpc client, unsampled", client(otelgrpcClient(off))},
	}
}

func otelgrpcServer(t *testTracing) grpc.ServerOption {
	return grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(t.provider), otelgrpc.WithPropagators(propagator)))
}

func otelgrpcClient(t *testTracing) grpc.DialOption {
	return grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(t.provider), otelgrpc.WithPropagators(propagator)))
}

// call makes one call after the other.
func call(server []grpc.ServerOption, client []grpc.DialOption) func(*testing.B) {
	return func(b *testing.B) { loop(b, connect(b, server, client)) }
}

// connect starts a server and returns a function that makes one call to it.
func connect(b *testing.B, serverOptions []grpc.ServerOption, dialOptions []grpc.DialOption) func() {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(serverOptions...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///bench:443", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }),
	}, dialOptions...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	client, request := healthpb.NewHealthClient(conn), new(healthpb.HealthCheckRequest)
	check := func() {
		if _, err := client.Check(context.Background(), request); err != nil {
			b.Error(err)
		}
	}
	check()
	return check
}

// emptyInterceptor and emptyStats do nothing: they show what grpc-go needs for having an interceptor or a stats handler.
func emptyInterceptor(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

type emptyStats struct{}

func (emptyStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (emptyStats) HandleRPC(context.Context, stats.RPCStats)                         {}
func (emptyStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (emptyStats) HandleConn(context.Context, stats.ConnStats)                       {}

// traceparentByHand sends a new trace context and does nothing else: no client that propagates a trace needs less.
func traceparentByHand(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	header := fmt.Sprintf("00-%016x%016x-%016x-01", rand.Uint64(), rand.Uint64(), rand.Uint64())
	return invoker(metadata.AppendToOutgoingContext(ctx, "traceparent", header), method, req, reply, cc, opts...)
}

// byHandRPC makes a server span with the same attributes and the fewest calls: Start, one SetAttributes, End.
func byHandRPC(t *testTracing) grpc.UnaryServerInterceptor {
	tracer := t.provider.Tracer("floor")
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, span := tracer.Start(ctx, "grpc.health.v1.Health/Check", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		reply, err := handler(ctx, req)
		span.SetAttributes(
			attribute.String("rpc.system.name", "grpc"), attribute.String("rpc.method", "grpc.health.v1.Health/Check"),
			attribute.String("rpc.response.status_code", "OK"), attribute.String("server.address", "bench"),
			attribute.Int("server.port", 443),
		)
		return reply, err
	}
}
