package main

import (
	"context"
	"net"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/spanroute/spanroute/grpcmw"
)

// grpcSides returns complete unary calls (client, wire and server) with tracing on one side.
func grpcSides() []side {
	on, off := newTracing(1), newTracing(0)
	server := func(o ...grpc.ServerOption) func(*testing.B) { return call(o, nil) }
	client := func(o ...grpc.DialOption) func(*testing.B) { return call(nil, o) }
	return []side{
		{"call", call(nil, nil)},
		{"floor", server(grpc.UnaryInterceptor(byHandRPC(on)))},
		{"server, sampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(grpcmw.With(on))))},
		{"server, unsampled", server(grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(grpcmw.With(off))))},
		{"server options, sampled", server(grpcmw.ServerOptions(grpcmw.With(on))...)},
		{"otelgrpc server, sampled", server(grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(on.provider), otelgrpc.WithPropagators(propagator))))},
		{"otelgrpc server, unsampled", server(grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(off.provider), otelgrpc.WithPropagators(propagator))))},
		{"client, sampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(grpcmw.With(on))))},
		{"client, unsampled", client(grpc.WithUnaryInterceptor(grpcmw.UnaryClientInterceptor(grpcmw.With(off))))},
		{"dial options, sampled", client(grpcmw.DialOptions(grpcmw.With(on))...)},
		{"otelgrpc client, sampled", client(grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(on.provider), otelgrpc.WithPropagators(propagator))))},
		{"otelgrpc client, unsampled", client(grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(off.provider), otelgrpc.WithPropagators(propagator))))},
	}
}

func call(serverOptions []grpc.ServerOption, dialOptions []grpc.DialOption) func(*testing.B) {
	return func(b *testing.B) {
		listener := bufconn.Listen(1 << 20)
		server := grpc.NewServer(serverOptions...)
		healthpb.RegisterHealthServer(server, health.NewServer())
		go func() { _ = server.Serve(listener) }()
		defer server.Stop()
		conn, err := grpc.NewClient("passthrough:///bench:443", append([]grpc.DialOption{
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }),
		}, dialOptions...)...)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		client, request := healthpb.NewHealthClient(conn), new(healthpb.HealthCheckRequest)
		if _, err := client.Check(context.Background(), request); err != nil {
			b.Fatal(err)
		}
		loop(b, func() {
			if _, err := client.Check(context.Background(), request); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// byHandRPC records a server span with the same attributes at the minimum cost: Start, one SetAttributes, End.
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
