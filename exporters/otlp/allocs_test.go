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

// EncodeSpan allocates nothing for a span, event or link with scalar attributes. A call of Pack allocates the list, the
// payload and its bytes.
func TestEncodingAllocatesThePayloadAlone(t *testing.T) {
	e, buf := otlp.NewEncoder(16<<20, 256), make([]byte, 0, 64<<10)
	for name, spans := range map[string][]sdktrace.ReadOnlySpan{
		"one span":   usual(1),
		"a batch":    usual(batch),
		"two scopes": append(usual(batch/2), inScope("other", usual(batch/2))...),
	} {
		var r delivery.Report
		var encoded []delivery.EncodedSpan
		for _, span := range spans {
			bytes, group := e.EncodeSpan(nil, span, &r)
			encoded = append(encoded, delivery.EncodedSpan{Bytes: bytes, Group: group})
		}
		if got := testing.AllocsPerRun(20, func() { e.EncodeSpan(buf, spans[0], &r) }); got > 0 {
			t.Errorf("%s: %v allocations by EncodeSpan, want 0", name, got)
		}
		if got := testing.AllocsPerRun(20, func() { e.Pack(encoded, &r) }); got > 3 {
			t.Errorf("%s: %v allocations by Pack, want at most 3", name, got)
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
