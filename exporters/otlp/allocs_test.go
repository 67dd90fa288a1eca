//go:build !race

package otlp_test

import (
	"testing"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
)

// A call of Encode allocates the list, the payload and its bytes, and nothing for a span, event or link with scalar
// attributes.
func TestEncodeAllocatesThePayloadAlone(t *testing.T) {
	e := otlp.NewEncoder(16<<20, 256)
	for name, spans := range map[string][]sdktrace.ReadOnlySpan{
		"one span":   usual(1),
		"a batch":    usual(batch),
		"two scopes": append(usual(batch/2), inScope("other", usual(batch/2))...),
	} {
		var r delivery.Report
		if got := testing.AllocsPerRun(20, func() { e.Encode(spans, &r) }); got > 3 {
			t.Errorf("%s: %v allocations, want at most 3", name, got)
		}
	}
}

func inScope(name string, spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	stubs := tracetest.SpanStubsFromReadOnlySpans(spans)
	for i := range stubs {
		stubs[i].InstrumentationScope = instrumentation.Scope{Name: name}
	}
	return stubs.Snapshots()
}
