package main

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw/tracing"
	"github.com/spanroute/spanroute/sampling"
)

// discard is the span processor of every side, so that only the instrumentation differs.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) ForceFlush(context.Context) error                { return nil }
func (discard) Shutdown(context.Context) error                  { return nil }

// start starts spanroute as a program does, without an exporter: its spans are recorded and discarded, as those of the
// peers.
func start(rate float64, excluded ...string) *spanroute.Tracing {
	return startWith(map[string]any{"sample_rate": rate, "excluded_urls": excluded})
}

// startKeeping starts spanroute at rate 0. Failed requests are kept.
func startKeeping() *spanroute.Tracing {
	return startWith(map[string]any{"sampling": map[string]any{"keep": map[string]any{"errors": true}}})
}

func startWith(section map[string]any) *spanroute.Tracing {
	section["exporter_type"], section["service_name"] = "none", "bench"
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: section})
	if err != nil {
		panic(err)
	}
	t, err := spanroute.Start(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	return t
}

// testTracing implements the interface that the middleware expects of a *spanroute.Tracing, with the provider of the peers.
type testTracing struct {
	provider   *sdktrace.TracerProvider
	exclusions policy.Live
}

func newTracing(rate float64, excluded ...string) *testTracing {
	sampler, err := sampling.New(sampling.Config{SampleRate: rate})
	if err != nil {
		panic(err)
	}
	t := &testTracing{provider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSpanProcessor(discard{}))}
	exclusions, err := policy.Compile(policy.Rules{URLs: excluded})
	if err != nil {
		panic(err)
	}
	t.exclusions.Store(exclusions)
	return t
}

func (t *testTracing) TracerProvider() trace.TracerProvider      { return t.provider }
func (t *testTracing) Propagator() propagation.TextMapPropagator { return propagator }
func (t *testTracing) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: true, Policy: func() tracing.Policy { return t.exclusions.Load() }}
}

var propagator = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
