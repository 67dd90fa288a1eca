//go:build !race

package zipkin_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

func TestEncodeAllocatesLessThanOncePerSpan(t *testing.T) {
	spans := usual(batch)
	e := zipkin.NewEncoder(zipkin.Node{}, 256)
	per := testing.AllocsPerRun(20, func() { e.Encode(spans, &delivery.Report{}) })
	if per > batch {
		t.Errorf("%v allocations for %d spans, want at most one per span", per, batch)
	}
	if per > 100 { // what a batch costs once: buffer, offsets, tags of resource and scope
		t.Errorf("%v allocations for a batch of scalar spans, want at most 100", per)
	}
}
