//go:build !race

package jaeger_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func TestAllocationsPerSpan(t *testing.T) {
	spans := usual(512)
	for _, e := range encodings {
		p := packer(e.protocol, 256)
		r := new(delivery.Report)
		got := testing.AllocsPerRun(20, func() { p.Pack(spans, r) }) / float64(len(spans))
		if got > 0.5 {
			t.Errorf("%s: %.2f allocations per span, want at most 0.5 (the promise is 1)", e.protocol, got)
		}
	}
}

// Encoding a span with scalar attributes at its end allocates nothing.
func TestAllocationsAtTheEndOfASpan(t *testing.T) {
	span, buf, r := usual(1)[0], make([]byte, 0, 64<<10), new(delivery.Report)
	for _, protocol := range []string{jaeger.ProtocolHTTPBinary, jaeger.ProtocolGRPC} {
		encode := packer(protocol, 256).EncodesSpans()
		if got := testing.AllocsPerRun(100, func() { encode(buf, span, r) }); got > 0 {
			t.Errorf("%s: %v allocations, want 0", protocol, got)
		}
	}
}
