//go:build !race

package otlp_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
)

func TestEncodeAllocatesNoMoreThanUpstream(t *testing.T) {
	spans := usual(batch)
	e := otlp.NewEncoder(16<<20, 256)
	got := testing.AllocsPerRun(20, func() { e.Encode(spans, &delivery.Report{}) })
	theirs := testing.AllocsPerRun(5, func() { upstreamTree(t, spans) })
	if got > theirs/10 || got > batch*2 {
		t.Errorf("%v allocations for %d spans, want at most two per span and a tenth of upstream's %v", got, batch, theirs)
	}
}
