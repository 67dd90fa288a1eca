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

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/mw/tracing"
	"github.com/spanroute/spanroute/sampling"
)

// discard is a tracing whose spans go nowhere.
type discard struct {
	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator
	live       policy.Live
}

func newDiscard(s sdktrace.Sampler) *discard {
	return &discard{
		provider:   sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(nowhere{})),
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
}

// newOwn returns a tracing with the provider, the sampler and the propagator of spanroute.
func newOwn(rate float64) *discard {
	return &discard{
		provider: recording.New(recording.Config{
			Sampler:    sampling.NewDynamic(sampling.Ratio(rate)),
			Limits:     sdktrace.NewSpanLimits(),
			Processors: []sdktrace.SpanProcessor{nowhere{}},
		}),
		propagator: instrumentation.NewW3C(true),
	}
}

type nowhere struct{}

func (nowhere) IgnoresStart() bool                              { return true }
func (nowhere) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (nowhere) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (nowhere) Shutdown(context.Context) error                  { return nil }
func (nowhere) ForceFlush(context.Context) error                { return nil }

func (d *discard) TracerProvider() trace.TracerProvider { return d.provider }
func (d *discard) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: true, Policy: func() tracing.Policy { return d.live.Load() }}
}
func (d *discard) Propagator() propagation.TextMapPropagator { return d.propagator }

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
	if !spantest.IsFirst() {
		return // it has providers of its own
	}
	excluding := newOwn(1)
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
		{"excluded", []mw.ServerOption{mw.With(excluding)}, nil, 1},
		{"excluded, remote parent", []mw.ServerOption{mw.With(excluding)}, caller, 1},
		{"unsampled", []mw.ServerOption{mw.With(newOwn(0))}, nil, 1},
		{"unsampled, remote parent", []mw.ServerOption{mw.With(newOwn(0))}, caller, 1},
		{"sampled root", []mw.ServerOption{mw.With(newOwn(1))}, nil, 2},
		{"sampled, remote parent", []mw.ServerOption{mw.With(newOwn(1))}, caller, 2},
		{"the SDK, unsampled", []mw.ServerOption{mw.With(newDiscard(sdktrace.NeverSample()))}, nil, 3},
		{"the SDK, sampled root", []mw.ServerOption{mw.With(newDiscard(sdktrace.AlwaysSample()))}, nil, 8},
		{"the SDK, sampled, remote parent", []mw.ServerOption{mw.With(newDiscard(sdktrace.AlwaysSample()))}, caller, 10},
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

func TestAllocationsAddedToAClient(t *testing.T) {
	if !spantest.IsFirst() {
		return // it has providers of its own
	}
	base := tripper(func(*http.Request) (*http.Response, error) { return response, nil })
	own := func(rate float64) mw.ClientOption { return mw.With(newOwn(rate)) }
	for _, tt := range []struct {
		name string
		with mw.ClientOption
		want float64
	}{
		{"sampled", own(1), 11},
		{"unsampled", own(0), 6},
		{"the SDK, sampled", mw.With(newDiscard(sdktrace.AlwaysSample())), 14},
		{"the SDK, unsampled", mw.With(newDiscard(sdktrace.NeverSample())), 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := mw.NewTransport(base, tt.with)
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/users/7", nil)
			got := testing.AllocsPerRun(200, func() {
				res, err := transport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
			})
			t.Logf("adds %v allocations", got)
			if got > tt.want {
				t.Errorf("adds %v allocations, want at most %v", got, tt.want)
			}
		})
	}
}

// response has no body.
var response = &http.Response{StatusCode: 204, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1}
