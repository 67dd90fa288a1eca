package mw_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/mw"
)

// printer is a stand-in for a configured spanroute.Tracing: it prints each span.
func printer() (provider *sdktrace.TracerProvider, print func()) {
	spans := tracetest.NewSpanRecorder()
	provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	return provider, func() {
		for _, s := range spans.Ended() {
			fmt.Println(s.SpanKind(), s.Name(), s.Status().Code)
		}
	}
}

func Example() {
	provider, print := printer()
	r := chi.NewRouter()
	r.Use(mw.New(mw.WithTracerProvider(provider))) // mw.With(t) in a program
	r.Get("/users/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/users/123", nil))
	print()
	// Output: server GET /users/{id} Unset
}

func ExampleNewTransport() {
	provider, print := printer()
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()

	client := &http.Client{Transport: mw.NewTransport(nil, mw.WithTracerProvider(provider))}
	defer client.CloseIdleConnections()
	r, _ := http.NewRequest(http.MethodGet, srv.URL+"/users/123", nil)
	res, err := client.Do(r.WithContext(mw.ContextWithURLTemplate(r.Context(), "/users/{id}")))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close() // ends the span
	print()
	// Output: client GET /users/{id} Error
}

func ExampleSetRoute() {
	provider, print := printer()
	h := mw.New(mw.WithTracerProvider(provider))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mw.SetRoute(r.Context(), "/tenants/:tenant") // what a router that mw does not know has found
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/tenants/acme", nil))
	print()
	// Output: server GET /tenants/:tenant Unset
}

func ExampleWithExclude() {
	provider, print := printer()
	probes := mw.WithExclude(func(r *http.Request) bool { return r.Header.Get("User-Agent") == "kube-probe/1.33" })
	h := mw.New(mw.WithTracerProvider(provider), probes)(http.NotFoundHandler())

	probe := httptest.NewRequest(http.MethodGet, "/", nil)
	probe.Header.Set("User-Agent", "kube-probe/1.33")
	h.ServeHTTP(httptest.NewRecorder(), probe)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	print()
	// Output: server GET Unset
}

func ExampleWithSpanName() {
	provider, print := printer()
	named := mw.WithSpanName(func(r *http.Request, method, route string) string {
		return r.Host + ": " + method + " " + route
	})
	mux := http.NewServeMux()
	mux.Handle("/users/{id}", http.NotFoundHandler())
	mw.New(mw.WithTracerProvider(provider), named)(mux).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/users/7", nil))
	print()
	// Output: server example.com: GET /users/{id} Unset
}
