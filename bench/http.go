package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/riandyrn/otelchi"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/mw"
)

type middleware = func(http.Handler) http.Handler

const traceparent = "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"

// httpSides are the router alone, the middleware of spanroute and of its peers in every situation, and the floor. Spanroute
// has its own provider, that of the SDK with its settings, or a foreign one.
func httpSides() []side {
	on, off := newTracing(1), newTracing(0)
	started, startedOff := start(1), start(0)
	excluding := start(1, "readyz", "livez", "healthz", "static_content", "docs", "users")
	keeping := startKeeping()
	const none, remote = "", traceparent
	return []side{
		{"router", request(nil, none)},
		{"router, remote parent", request(nil, remote)},
		{"excluded", request(mw.New(mw.With(excluding)), none)},
		{"unsampled", request(mw.New(mw.With(startedOff)), none)},
		{"not kept", request(mw.New(mw.With(keeping)), none)},
		{"router, failing", failing(nil)},
		{"kept, failing", failing(mw.New(mw.With(keeping)))},
		{"sampled", request(mw.New(mw.With(started)), none)},
		{"sampled, remote parent", request(mw.New(mw.With(started)), remote)},
		{"SDK, unsampled", request(mw.New(mw.With(off)), none)},
		{"SDK, sampled", request(mw.New(mw.With(on)), none)},
		{"SDK, sampled, remote parent", request(mw.New(mw.With(on)), remote)},
		{"foreign provider, sampled", request(mw.New(mw.WithTracerProvider(on.provider), mw.WithPropagator(propagator)), none)},
		{"foreign provider, unsampled", request(mw.New(mw.WithTracerProvider(off.provider), mw.WithPropagator(propagator)), none)},
		{"otelhttp, sampled", request(otelhttpMiddleware(on), none)},
		{"otelhttp, sampled, remote parent", request(otelhttpMiddleware(on), remote)},
		{"otelhttp, unsampled", request(otelhttpMiddleware(off), none)},
		{"otelchi, sampled", request(otelchiMiddleware(on), none)},
		{"otelchi, sampled, remote parent", request(otelchiMiddleware(on), remote)},
		{"otelchi, unsampled", request(otelchiMiddleware(off), none)},
		{"floor", request(byHand(on), none)},
		{"floor, remote parent", request(byHand(on), remote)},
	}
}

func otelhttpMiddleware(t *testTracing) middleware {
	return otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(propagator))
}

func otelchiMiddleware(t *testTracing) middleware {
	return otelchi.Middleware("server", otelchi.WithTracerProvider(t.provider), otelchi.WithPropagators(propagator))
}

// byHand makes a server span with the same attributes and the fewest calls: Start, one SetAttributes, End.
func byHand(t *testTracing) middleware {
	tracer := t.provider.Tracer("floor")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, span := tracer.Start(r.Context(), "GET", trace.WithSpanKind(trace.SpanKindServer))
			next.ServeHTTP(w, r.WithContext(ctx))
			span.SetAttributes(
				attribute.String("http.request.method", "GET"), attribute.String("url.path", "/users/7"),
				attribute.String("url.scheme", "http"), attribute.String("server.address", "example.com"),
				attribute.String("client.address", "192.0.2.1"), attribute.String("network.peer.address", "192.0.2.1"),
				attribute.Int("network.peer.port", 1234), attribute.String("network.protocol.version", "1.1"),
				attribute.String("user_agent.original", "bench/1"), attribute.String("http.route", "/users/{id}"),
				attribute.Int("http.response.status_code", 200),
			)
			span.End()
		})
	}
}

// request serves GET /users/7 through a chi router with the given middleware.
func request(wrap middleware, parent string) func(*testing.B) {
	return func(b *testing.B) { loop(b, serve(usersRouter(wrap), parent)) }
}

// failing serves GET /users/7, which is answered with the status 500.
func failing(wrap middleware) func(*testing.B) {
	return func(b *testing.B) {
		router := chi.NewRouter()
		if wrap != nil {
			router.Use(wrap)
		}
		router.Get("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		loop(b, serve(router, ""))
	}
}

// usersRouter returns a chi router for GET /users/{id} with the given middleware.
func usersRouter(wrap middleware) http.Handler {
	router := chi.NewRouter()
	if wrap != nil {
		router.Use(wrap)
	}
	router.Get("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	return router
}

// serve returns a function that serves GET /users/7 with a request and a writer of its own.
func serve(handler http.Handler, parent string) func() {
	r := httptest.NewRequest(http.MethodGet, "/users/7", nil)
	r.Header.Set("User-Agent", "bench/1")
	if parent != "" {
		r.Header.Set("Traceparent", parent)
	}
	w := &sink{header: make(http.Header)}
	return func() { handler.ServeHTTP(w, r) }
}

// sink is a response writer with the interfaces of that of net/http. It discards everything.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header                       { return s.header }
func (s *sink) WriteHeader(int)                           {}
func (s *sink) Write(p []byte) (int, error)               { return len(p), nil }
func (s *sink) WriteString(text string) (int, error)      { return len(text), nil }
func (s *sink) ReadFrom(r io.Reader) (n int64, err error) { return io.Copy(io.Discard, r) }
func (s *sink) Flush()                                    {}
