package spanroute_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/registry"
)

// A program can run without global state and without files, with its own registry, store and configuration.
func Example() {
	store := memory.NewStore(memory.Limits{})
	var known registry.Registry
	if err := known.Register(memory.NewFactory(store)); err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := config.Load(config.Sources{Registry: &known, Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "memory", "sample_rate": 1.0, "excluded_paths": "/healthz",
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	t, err := spanroute.Start(ctx, cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = t.Shutdown(ctx) }()

	r := chi.NewRouter()
	r.Use(mw.New(mw.With(t)))
	r.Get("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	for _, path := range []string{"/orders/7", "/healthz"} {
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	for _, span := range store.Spans() {
		fmt.Println(span.Name(), span.SpanKind())
	}
	fmt.Println("delivered:", t.Stats().Exporters[0].Delivered)
	// Output:
	// GET /orders/{id} server
	// delivered: 1
}

func ExampleNewLogHandler() {
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == spanroute.LogTraceID || a.Key == spanroute.LogSpanID {
			return slog.String(a.Key, "…") // different in every run
		}
		return a
	}})
	logger := slog.New(spanroute.NewLogHandler(text))
	t, err := spanroute.Start(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, span := t.TracerProvider().Tracer("example").Start(context.Background(), "work")
	defer span.End()
	logger.InfoContext(ctx, "looked up", "order", 7)
	// Output: time=… level=INFO msg="looked up" order=7 trace_id=… span_id=… sampled=false
}

// The main function of a program that delivers its spans however it ends.
func ExampleTracing_Guard() {
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{"exporter_type": "none"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := spanroute.Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, end := t.Guard(context.Background(), 10*time.Second)
	defer end()

	server := &http.Server{Addr: "127.0.0.1:0", Handler: mw.New(mw.With(t))(http.NotFoundHandler()), ReadHeaderTimeout: time.Minute}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		_ = server.Shutdown(context.Background()) // waits for the last requests
	}()
	go end() // in a program: SIGTERM
	if err := server.ListenAndServe(); err != nil {
		fmt.Println(err)
	}
	<-stopped
	// Output: http: Server closed
}
