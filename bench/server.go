package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/riandyrn/otelchi"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/mw"
)

// flushTimeout bounds the delivery of the spans of one round.
const flushTimeout = 30 * time.Second

// A tracer is the tracing of a server: its middleware, and a function that delivers all ended spans.
type tracer struct {
	middleware middleware
	flush      func(context.Context) error
}

// runServer serves GET /users/{id} with the named tracing at the given rate until standard input ends.
func runServer(receiver, kind, rate string) {
	t, err := openTracer(receiver, kind, rate)
	if err != nil {
		panic(err)
	}
	router := chi.NewRouter()
	if t.middleware != nil {
		router.Use(t.middleware)
	}
	router.Get("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	listener := localListener()
	server := &http.Server{Handler: router, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	commands{
		"usage": usage,
		"flush": func([]string) (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
			defer cancel()
			return "", t.flush(ctx)
		},
	}.execute(listener.Addr().String())
}

// openTracer opens the tracing of a kind, all with the defaults of its batches.
func openTracer(receiver, kind, rate string) (tracer, error) {
	share, err := strconv.ParseFloat(rate, 64)
	if err != nil {
		return tracer{}, err
	}
	switch kind {
	case "none":
		return tracer{flush: func(context.Context) error { return nil }}, nil
	case "spanroute":
		return openSpanroute(receiver, share)
	case "otelhttp", "otelchi":
		return openPeer(receiver, kind, share)
	}
	return tracer{}, fmt.Errorf("unknown tracing %q", kind)
}

// openSpanroute opens the whole of spanroute, as a program does.
func openSpanroute(receiver string, rate float64) (tracer, error) {
	cfg, err := config.Load(config.Sources{
		Environ: []string{},
		Overrides: map[string]any{
			"exporter_type": "otlp", "service_name": "bench", "sample_rate": rate,
			"otlp": map[string]any{"endpoint": "http://" + receiver, "protocol": "grpc"},
		},
	})
	if err != nil {
		return tracer{}, err
	}
	t, err := spanroute.Start(context.Background(), cfg)
	if err != nil {
		return tracer{}, err
	}
	return tracer{mw.New(mw.With(t)), t.ForceFlush}, nil
}

// openPeer opens the SDK's provider with its batch processor and OTLP exporter, and the middleware of kind.
func openPeer(receiver, kind string, rate float64) (tracer, error) {
	exporter, err := otlptracegrpc.New(context.Background(), otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(receiver))
	if err != nil {
		return tracer{}, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(rate))),
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "bench"))),
	)
	wrap := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(propagator))
	if kind == "otelchi" {
		wrap = otelchi.Middleware("server", otelchi.WithTracerProvider(provider), otelchi.WithPropagators(propagator))
	}
	return tracer{wrap, provider.ForceFlush}, nil
}
