package grpcmw_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/spanroute/spanroute/grpcmw"
)

// checkHealth runs a health server with the options of one side each, asks it about a service and prints the spans.
func checkHealth(service string, server []grpc.ServerOption, client []grpc.DialOption, spans *tracetest.InMemoryExporter) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer(server...)
	healthpb.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(lis) }()
	cc, err := grpc.NewClient(lis.Addr().String(), append(client, insecureDial)...)
	if err != nil {
		log.Fatal(err)
	}
	_, _ = healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{Service: service})
	_ = cc.Close()
	s.GracefulStop()
	for _, kind := range []trace.SpanKind{trace.SpanKindClient, trace.SpanKindServer} {
		for _, span := range spans.GetSpans() {
			if span.SpanKind == kind {
				printSpan(span)
			}
		}
	}
}

func printSpan(s tracetest.SpanStub) {
	line := []string{strings.ToUpper(s.SpanKind.String()), s.Name, s.Status.Code.String()}
	for _, kv := range s.Attributes {
		switch {
		case kv.Key == "rpc.response.status_code" || kv.Key == "tenant", strings.HasPrefix(string(kv.Key), "rpc.request."):
			line = append(line, kv.Value.String())
		}
	}
	fmt.Println(strings.Join(line, " "))
}

// newProvider stands for spanroute.Start: a provider that keeps its spans to be printed.
func newProvider() (*tracetest.InMemoryExporter, grpcmw.Option) {
	spans := tracetest.NewInMemoryExporter()
	return spans, grpcmw.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
}

func Example() {
	spans, with := newProvider() // in a service: with := grpcmw.With(t)

	server := grpcmw.ServerOptions(with) // s := grpc.NewServer(server...)
	client := grpcmw.DialOptions(with)   // cc, err := grpc.NewClient(target, client...)

	checkHealth("unknown", server, client, spans)
	// Output:
	// CLIENT grpc.health.v1.Health/Check Error NOT_FOUND
	// SERVER grpc.health.v1.Health/Check Unset NOT_FOUND
}

func ExampleUnaryServerInterceptor() {
	spans, with := newProvider()
	server := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(grpcmw.UnaryServerInterceptor(with) /* , your own */),
		grpc.ChainStreamInterceptor(grpcmw.StreamServerInterceptor(with)),
	}
	checkHealth("", server, nil, spans)
	// Output: SERVER grpc.health.v1.Health/Check Unset OK
}

func ExampleWithExclude() {
	spans, with := newProvider()
	probes := grpcmw.WithExclude(func(fullMethod string) bool {
		return strings.HasPrefix(fullMethod, "/grpc.health.v1.Health/")
	})
	checkHealth("", grpcmw.ServerOptions(with, probes), nil, spans)
	fmt.Println(len(spans.GetSpans()), "spans")
	// Output: 0 spans
}

func ExampleWithErrorCode() {
	spans, with := newProvider()
	missing := grpcmw.WithErrorCode(func(code codes.Code) bool { return code == codes.NotFound })
	checkHealth("unknown", grpcmw.ServerOptions(with, missing), nil, spans)
	// Output: SERVER grpc.health.v1.Health/Check Error NOT_FOUND
}

func ExampleWithAttributes() {
	spans, with := newProvider()
	tenant := grpcmw.WithAttributes(func(context.Context, string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("tenant", "acme")} // a program takes it from ctx
	})
	checkHealth("", grpcmw.ServerOptions(with, tenant), nil, spans)
	// Output: SERVER grpc.health.v1.Health/Check Unset acme OK
}

// A proxy's peers choose the methods it relays. Only those it knows may become span names.
func ExampleWithKnownMethod() {
	spans, with := newProvider()
	known := grpcmw.WithKnownMethod(func(fullMethod string) bool {
		return fullMethod == "/shop.Cart/Add"
	})
	checkHealth("", grpcmw.ServerOptions(with, known), nil, spans)
	// Output: SERVER grpc Unset OK
}

func ExampleWithCapturedRequestMetadata() {
	spans, with := newProvider()
	captured := grpcmw.WithCapturedRequestMetadata("content-type")
	checkHealth("", grpcmw.ServerOptions(with, captured), nil, spans)
	// Output: SERVER grpc.health.v1.Health/Check Unset ["application/grpc"] OK
}
