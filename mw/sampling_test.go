package mw_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/mw/tracing"
)

// byName is a pipeline whose sampler reads names while on is set.
type byName struct {
	on       atomic.Bool
	name     string // that the sampler read last
	recorder *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

func newByName() *byName {
	p := &byName{recorder: tracetest.NewSpanRecorder()}
	p.provider = sdktrace.NewTracerProvider(sdktrace.WithSampler(p), sdktrace.WithSpanProcessor(p.recorder))
	return p
}

func (p *byName) ShouldSample(s sdktrace.SamplingParameters) sdktrace.SamplingResult {
	p.name = s.Name
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}

func (*byName) Description() string                       { return "by name" }
func (p *byName) TracerProvider() trace.TracerProvider    { return p.provider }
func (*byName) Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

func (p *byName) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{Policy: func() tracing.Policy { return readsRoutes{on: p.on.Load()} }}
}

// readsRoutes is a policy whose sampler reads routes if on is set.
type readsRoutes struct {
	tracing.NoRules
	on bool
}

func (r readsRoutes) ReadsRoutes() bool { return r.on }

func TestNamesAtTheStart(t *testing.T) {
	around := func(p *byName, h http.Handler) http.Handler { return mw.New(mw.With(p))(h) }
	routes := func(r chi.Router) {
		r.Get("/users/{id}", status(200))
		r.Post("/users/{id}/lines", status(200))
	}
	used := func(p *byName) http.Handler {
		r := chi.NewRouter()
		r.Use(mw.New(mw.With(p)))
		routes(r)
		return r
	}
	for _, tt := range []struct {
		name            string
		handler         func(*byName) http.Handler
		method, target  string
		usual, with, as string // name at the start without and with a sampler that reads it, and name at the end
	}{
		{"around chi", func(p *byName) http.Handler { return around(p, chiWith("/users/{id}")) }, "GET", "/users/1", "GET /users/{id}", "GET /users/{id}", "GET /users/{id}"},
		{"inside chi", used, "GET", "/users/1", "GET", "GET /users/{id}", "GET /users/{id}"},
		{"inside chi, another method", used, "POST", "/users/1/lines", "POST", "POST /users/{id}/lines", "POST /users/{id}/lines"},
		{"inside chi, not found", used, "GET", "/nowhere", "GET", "GET", "GET"},
		{"inside chi, method not allowed", used, "DELETE", "/users/1", "DELETE", "DELETE", "DELETE"},
		{"inside a mounted router", func(p *byName) http.Handler {
			r := chi.NewRouter()
			r.Mount("/api", used(p))
			return r
		}, "GET", "/api/users/1", "GET /api/*", "GET /api/users/{id}", "GET /api/users/{id}"},
		{"inline", func(p *byName) http.Handler {
			r := chi.NewRouter()
			routes(r.With(mw.New(mw.With(p))))
			return r
		}, "GET", "/users/1", "GET /users/{id}", "GET /users/{id}", "GET /users/{id}"},
		{"around a ServeMux", func(p *byName) http.Handler { return around(p, muxWith("GET /users/{id}")) }, "GET", "/users/1", "GET", "GET /users/{id}", "GET /users/{id}"},
		{"around a ServeMux, not found", func(p *byName) http.Handler { return around(p, muxWith("GET /users/{id}")) }, "GET", "/nowhere", "GET", "GET", "GET"},
		{"around another handler", func(p *byName) http.Handler { return around(p, status(200)) }, "GET", "/users/1", "GET", "GET", "GET"},
		{"ended before the router", func(p *byName) http.Handler {
			r := chi.NewRouter()
			r.Use(mw.New(mw.With(p)), func(http.Handler) http.Handler { return status(401) })
			routes(r)
			return r
		}, "GET", "/users/1", "GET", "GET /users/{id}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newByName()
			handler := tt.handler(p)
			for _, on := range []bool{false, true, false} {
				p.on.Store(on)
				handler.ServeHTTP(httptest.NewRecorder(), newRequest(tt.method, tt.target))
				start, end := tt.usual, tt.as
				if on {
					start = tt.with
				}
				if end == "" {
					end = start
				}
				ended := p.recorder.Ended()
				if got := ended[len(ended)-1].Name(); p.name != start || got != end {
					t.Errorf("sampler reads names: %t: name %q at the start and %q at the end, want %q and %q", on, p.name, got, start, end)
				}
			}
		})
	}
}
