package spanroute_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

// shape is what the tests compare of a span: everything but ids and times.
type shape struct {
	name       string
	attributes []attribute.KeyValue
	dropped    int
	events     int
	links      int
	resource   string
	scope      instrumentation.Scope
}

func shapeOf(s sdktrace.ReadOnlySpan) shape {
	return shape{
		s.Name(), s.Attributes(), s.DroppedAttributes(), len(s.Events()), len(s.Links()),
		s.Resource().SchemaURL() + " " + s.Resource().String(), s.InstrumentationScope(),
	}
}

// recordSpan makes a span that meets every limit of limited.
func recordSpan(provider trace.TracerProvider) {
	link := trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})}
	_, s := provider.Tracer("lib", trace.WithInstrumentationVersion("v1")).Start(context.Background(), "work",
		trace.WithAttributes(attribute.String("text", "longer than five"), attribute.Int("n", 1), attribute.Int("m", 2)), trace.WithLinks(link, link, link))
	for range 3 {
		s.AddEvent("e")
	}
	s.End()
}

var limited = map[string]any{
	"sample_rate": 1, "service_name": "shop", "resource_attributes": map[string]any{"team": "a"}, "max_tag_value_length": 5,
	"limits": map[string]any{"attribute_count": 2, "event_count": 1, "link_count": 1},
}

func TestProviderOptionsRecordTheSameSpans(t *testing.T) {
	tracing, keep := start(t, limited)
	provider := sdktrace.NewTracerProvider(tracing.ProviderOptions()...)
	recordSpan(tracing.TracerProvider())
	recordSpan(provider)
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown of the provider: %v", err)
	}
	recordSpan(tracing.TracerProvider()) // the exporters are still open
	flush(t, tracing)
	if len(keep.spans) != 3 {
		t.Fatalf("%d spans arrived, want 3", len(keep.spans))
	}
	for i, s := range keep.spans[1:] {
		if diff := cmp.Diff(shapeOf(keep.spans[0]), shapeOf(s), cmp.AllowUnexported(shape{}), cmp.Comparer(func(a, b attribute.Value) bool { return a == b }), cmp.Comparer(func(a, b instrumentation.Scope) bool { return a == b })); diff != "" {
			t.Errorf("span %d differs from that of the Tracing's own provider:\n%s", i+1, diff)
		}
	}
	if st := tracing.Stats().Exporters[0]; st.Ended != 3 || st.Delivered != 3 {
		t.Errorf("stats %+v, want 3 ended and delivered", st)
	}
}

// The environment must not change what the configuration has resolved.
func TestProviderOptionsWithResourceVariables(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=b")
	var faults []error
	previous := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { faults = append(faults, err) }))
	defer otel.SetErrorHandler(previous)
	tracing, keep := start(t, limited)
	recordSpan(sdktrace.NewTracerProvider(tracing.ProviderOptions()...))
	flush(t, tracing)
	if got := keep.only(t).Resource().String(); !strings.Contains(got, "team=a") || strings.Contains(got, "team=b") {
		t.Errorf("resource %s, want team=a of the configuration", got)
	}
	if len(faults) > 0 {
		t.Errorf("the SDK reported %v", faults)
	}
}

func TestApplyReachesForeignProviders(t *testing.T) {
	tracing, keep := start(t, map[string]any{"sample_rate": 0})
	provider := sdktrace.NewTracerProvider(tracing.ProviderOptions()...)
	recordSpan(provider)
	changed := config.Default()
	changed.Sampling.SampleRate = 1
	if err := tracing.Apply(changed); err != nil {
		t.Fatal(err)
	}
	recordSpan(provider)
	flush(t, tracing)
	keep.only(t)
}

func TestForeignSpansReachUserProcessors(t *testing.T) {
	g := new(guest)
	tracing, _ := start(t, map[string]any{"sample_rate": 1}, spanroute.WithSpanProcessor(g))
	recordSpan(sdktrace.NewTracerProvider(tracing.ProviderOptions()...))
	if g.started != 1 || g.ended != 1 {
		t.Errorf("the processor saw %+v, want one span", g.counting)
	}
}

func TestProviderOptionsOfADisabledTracing(t *testing.T) {
	tracing, err := spanroute.Start(t.Context(), &config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(tracing.ProviderOptions()...)
	if _, s := provider.Tracer("").Start(t.Context(), "work"); s.IsRecording() {
		t.Error("a disabled Tracing records")
	}
}
