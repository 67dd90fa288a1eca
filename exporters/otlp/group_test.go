package otlp_test

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

// A scope that had to be repaired does not count for the spans of another scope of the same resource.
func TestRepairedScopeCountsItsOwnSpans(t *testing.T) {
	scoped := func(id byte, name string) sdktrace.ReadOnlySpan {
		return exportertest.Span(func(s *tracetest.SpanStub) {
			s.SpanContext = s.SpanContext.WithSpanID(trace.SpanID{id})
			s.InstrumentationScope = instrumentation.Scope{Name: name}
		})
	}
	r := new(delivery.Report)
	otlp.NewEncoder(16<<20, 0).Encode([]sdktrace.ReadOnlySpan{scoped(1, "bad\xff"), scoped(2, "good"), scoped(3, "better")}, r)
	if got := r.Repaired(delivery.RepairUTF8); got != 1 {
		t.Errorf("repaired utf8 = %d, want 1", got)
	}
}

// Upstream forgets the tracestate of a link, which the format has a field for.
func TestLinkKeepsItsTraceState(t *testing.T) {
	state, err := trace.ParseTraceState("vendor=abc")
	if err != nil {
		t.Fatal(err)
	}
	tree, _ := encode(t, 0, exportertest.Span(func(s *tracetest.SpanStub) {
		s.Links = []sdktrace.Link{{SpanContext: s.Parent.WithTraceState(state)}}
	}))
	if got := tree.ScopeSpans[0].Spans[0].Links[0].TraceState; got != "vendor=abc" {
		t.Errorf("tracestate of the link = %q, want vendor=abc", got)
	}
}

func TestDescribe(t *testing.T) {
	span := exportertest.Span(func(s *tracetest.SpanStub) { s.Name = "GET /" + strings.Repeat("é", 40) + "\n" })
	e := otlp.NewEncoder(1<<20, 0)
	sc := span.SpanContext()
	want := fmt.Sprintf("trace=%s span=%s name=%q", sc.TraceID(), sc.SpanID(), "GET /"+strings.Repeat("é", 13))
	if got := e.Describe(e.Encode([]sdktrace.ReadOnlySpan{span}, new(delivery.Report))[0]); got != want {
		t.Errorf("Describe = %s, want %s", got, want)
	}
}
