//go:build !race

package zipkin_test

import (
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

// EncodeSpan allocates nothing for a span with scalar attributes. Pack allocates the list, and a payload with its bytes and
// offsets.
func TestEncodingAllocatesThePayloadAlone(t *testing.T) {
	spans, e, buf, r := usual(batch), zipkin.NewEncoder(zipkin.Node{}, 256), make([]byte, 0, 64<<10), new(delivery.Report)
	var encoded []delivery.EncodedSpan
	for _, span := range spans {
		object, group := e.EncodeSpan(nil, span, r)
		encoded = append(encoded, delivery.EncodedSpan{Bytes: object, Group: group})
	}
	if got := testing.AllocsPerRun(20, func() { e.EncodeSpan(buf, spans[0], r) }); got > 0 {
		t.Errorf("%v allocations by EncodeSpan, want 0", got)
	}
	if got := testing.AllocsPerRun(20, func() { e.Pack(encoded, r) }); got > 4 {
		t.Errorf("%v allocations by Pack, want at most 4", got)
	}
}
