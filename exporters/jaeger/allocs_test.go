//go:build !race

package jaeger_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
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
