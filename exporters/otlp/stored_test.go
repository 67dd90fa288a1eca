package otlp_test

import (
	"bytes"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
)

var _ delivery.Storer[*otlp.Payload] = (*otlp.Encoder)(nil)

// A stored payload is the same request, and is divided in the same way.
func TestStoredPayloads(t *testing.T) {
	e := otlp.NewEncoder(16<<20, 0)
	for _, n := range []int{1, 2, 300} {
		p := e.Encode(usual(n), new(delivery.Report))[0]
		loaded, err := e.Load(e.Store(nil, p))
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Spans() != n || !bytes.Equal(otlp.Bytes(loaded), otlp.Bytes(p)) {
			t.Errorf("%d spans were stored, %d loaded", n, loaded.Spans())
		}
		a, b, ok := e.Split(p)
		c, d, ok2 := e.Split(loaded)
		if ok != ok2 || ok && (!bytes.Equal(otlp.Bytes(a), otlp.Bytes(c)) || !bytes.Equal(otlp.Bytes(b), otlp.Bytes(d))) {
			t.Errorf("%d spans are divided differently after loading", n)
		}
	}
}

// What was loaded is stored again as the same payload, and can be divided with a whole number of spans, whatever it is.
func FuzzLoad(f *testing.F) {
	e := otlp.NewEncoder(16<<20, 0)
	f.Add(e.Store(nil, e.Encode(usual(3), new(delivery.Report))[0]))
	f.Add([]byte{0xff})
	f.Add([]byte{2, 10, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := e.Load(data)
		if err != nil {
			return
		}
		again, err := e.Load(e.Store(nil, p))
		if err != nil || again.Spans() != p.Spans() || !bytes.Equal(otlp.Bytes(again), otlp.Bytes(p)) {
			t.Errorf("%x: stored again: %v", data, err)
		}
	})
}
