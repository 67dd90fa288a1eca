package spanroute_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/memory"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/registry"
)

// The code of docs/questions.md is code of this file.
func TestQuestionsShowThisCode(t *testing.T) {
	page, source := readText(t, "docs/questions.md"), readText(t, "questions_test.go")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(blocks) < 5 {
		t.Fatalf("the page has %d blocks of code", len(blocks))
	}
	for _, block := range blocks {
		indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(block[1], "\n"), "\n", "\n\t") + "\n"
		if !strings.Contains(source, strings.ReplaceAll(indented, "\t\n", "\n")) {
			t.Errorf("questions_test.go does not have\n%s", indented)
		}
	}
}

func forQuestions(t *testing.T) (*spanroute.Tracing, *memory.Store) {
	t.Helper()
	store := memory.NewStore(memory.Limits{})
	var known registry.Registry
	if err := known.Register(memory.NewFactory(store)); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Registry: &known, Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "memory", "sample_rate": 1,
	}})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := spanroute.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracing.Shutdown(context.Background()) })
	return tracing, store
}

func TestQuestionAboutOwnSpans(t *testing.T) {
	tracing, store := forQuestions(t)
	loadOrder(t.Context(), tracing, "7", func(context.Context, string) error { return errors.New("no such order") })
	flush(t, tracing)
	if got := store.Spans(); len(got) != 1 || got[0].Status().Code != codes.Error || len(got[0].Events()) != 1 {
		t.Errorf("recorded %v", got)
	}
}

func loadOrder(ctx context.Context, tracing *spanroute.Tracing, id string, load func(context.Context, string) error) {
	ctx, span := tracing.TracerProvider().Tracer("orders").Start(ctx, "load order")
	defer span.End()
	span.SetAttributes(attribute.String("order.id", id))
	if err := load(ctx, id); err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, "the order cannot be loaded")
	}
}

func serveWith(middleware func(http.Handler) http.Handler) {
	middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), "GET", "/", nil))
}

func TestQuestionAboutOtherProviders(t *testing.T) {
	ends := new(counting)
	foreign := func(provider *sdktrace.TracerProvider) {
		middleware := mw.New(mw.WithTracerProvider(provider), mw.WithPropagator(propagation.TraceContext{}))
		serveWith(middleware)
	}
	foreign(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(ends)))
	if ends.ended != 1 {
		t.Errorf("a foreign provider got %d spans, want 1", ends.ended)
	}
	tracing, store := forQuestions(t)
	provider := sdktrace.NewTracerProvider(tracing.ProviderOptions()...)
	middleware := mw.New(mw.With(tracing), mw.WithTracerProvider(provider))
	serveWith(middleware)
	flush(t, tracing)
	if got := len(store.Spans()); got != 1 {
		t.Errorf("the exporters of the file got %d spans, want 1", got)
	}
}

func TestQuestionAboutGlobals(t *testing.T) {
	before, propagator := otel.GetTracerProvider(), otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTracerProvider(before); otel.SetTextMapPropagator(propagator) })
	tracing, store := forQuestions(t)
	tracing.SetGlobal()
	_, span := otel.Tracer("library").Start(t.Context(), "query")
	span.End()
	flush(t, tracing)
	if got := len(store.Spans()); got != 1 {
		t.Errorf("%d spans of a library, want 1", got)
	}
}
