package jaeger_test

import (
	"bytes"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

var stored = []string{jaeger.ProtocolHTTPBinary, jaeger.ProtocolGRPC}

// A stored payload is the same request, and is divided into whole spans.
func TestStoredPayloads(t *testing.T) {
	t.Parallel()
	for _, protocol := range stored {
		p := packer(protocol, 0)
		for _, n := range []int{1, 2, 300} {
			spans := usual(n)
			bodies := p.Pack(spans, new(delivery.Report))
			for i, data := range p.Stored(spans) {
				body, count, halves, again, err := p.Load(data)
				if err != nil || !bytes.Equal(body, bodies[i]) || !bytes.Equal(again, data) {
					t.Errorf("%s: %d of %d spans are loaded: %v", protocol, count, n, err)
				}
				if want := p.PackHalves(spans, new(delivery.Report)); n == 2 && (!bytes.Equal(halves[0], want[0]) || !bytes.Equal(halves[1], want[1])) {
					t.Errorf("%s: divided differently after loading", protocol)
				}
			}
		}
	}
}

// What was loaded is stored again as the same bytes, and can be divided without a panic, whatever it is.
func FuzzLoad(f *testing.F) {
	for _, protocol := range stored {
		f.Add(packer(protocol, 0).Stored(usual(3))[0])
	}
	f.Add([]byte{0, 2, 1, 1, 'a', 'b'})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, protocol := range stored {
			_, spans, halves, again, err := packer(protocol, 0).Load(data)
			if err != nil {
				continue
			}
			if _, count, _, _, err := packer(protocol, 0).Load(again); err != nil || count != spans || spans > 1 && len(halves) != 2 {
				t.Errorf("%s: %x: stored again, %d of %d spans: %v", protocol, data, count, spans, err)
			}
		}
	})
}
