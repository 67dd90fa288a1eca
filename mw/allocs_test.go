//go:build !race

package mw_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/mw/tracing"
)

// discard is a tracing whose spans go nowhere.
type discard struct {
	provider *sdktrace.TracerProvider
	live     policy.Live
}

func newDiscard(s sdktrace.Sampler) *discard {
	return &discard{provider: sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(nowhere{}))}
}

type nowhere struct{}

func (nowhere) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (nowhere) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (nowhere) Shutdown(context.Context) error                  { return nil }
func (nowhere) ForceFlush(context.Context) error                { return nil }

func (d *discard) TracerProvider() trace.TracerProvider { return d.provider }
func (d *discard) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: true, Policy: func() tracing.Policy { return d.live.Load() }}
}
func (d *discard) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

// quiet is a ResponseWriter that costs nothing.
type quiet struct{ h http.Header }

func (q quiet) Header() http.Header             { return q.h }
func (quiet) Write(p []byte) (int, error)       { return len(p), nil }
func (quiet) WriteHeader(int)                   {}
func (quiet) WriteString(s string) (int, error) { return len(s), nil }

func router(middlewares ...func(http.Handler) http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(middlewares...)
	r.Get("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return r
}

func serveOnce(h http.Handler, header http.Header) func() {
	r := newRequest("GET", "/users/123?fields=name")
	for key, values := range header {
		r.Header[key] = values
	}
	w := quiet{make(http.Header)}
	return func() { h.ServeHTTP(w, r) }
}

func TestAllocationsAdded(t *testing.T) {
	excluding := newDiscard(sdktrace.AlwaysSample())
	rules, err := policy.Compile(policy.Rules{Paths: []string{"/users/*"}})
	if err != nil {
		t.Fatal(err)
	}
	excluding.live.Store(rules)
	caller := http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
	tests := []struct {
		name   string
		opts   []mw.ServerOption
		header http.Header
		want   float64
	}{
		{"excluded", []mw.ServerOption{mw.With(excluding)}, nil, 3},
		{"unsampled", []mw.ServerOption{mw.With(newDiscard(sdktrace.NeverSample()))}, nil, 3},
		{"sampled root", []mw.ServerOption{mw.With(newDiscard(sdktrace.AlwaysSample()))}, nil, 11},
		{"sampled, remote parent", []mw.ServerOption{mw.With(newDiscard(sdktrace.AlwaysSample()))}, caller, 14},
		{"foreign provider, sampled", []mw.ServerOption{mw.WithTracerProvider(newDiscard(sdktrace.AlwaysSample()).provider)}, nil, 15},
		{"no-op provider", []mw.ServerOption{mw.WithTracerProvider(noop.NewTracerProvider())}, nil, 3},
		{"foreign provider, unsampled", []mw.ServerOption{mw.WithTracerProvider(newDiscard(sdktrace.NeverSample()).provider)}, nil, 8},
	}
	bare := testing.AllocsPerRun(200, serveOnce(router(), nil))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := testing.AllocsPerRun(200, serveOnce(router(mw.New(tt.opts...)), tt.header)) - bare
			t.Logf("adds %v allocations", got)
			if got > tt.want {
				t.Errorf("adds %v allocations, want at most %v", got, tt.want)
			}
		})
	}
}
