package zipkin_test

import (
	"bytes"
	"testing"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

var _ delivery.Storer[*zipkin.Payload] = (*zipkin.Encoder)(nil)

// A stored payload is the same request, and is divided in the same way.
func TestStoredPayloads(t *testing.T) {
	e := zipkin.NewEncoder(zipkin.Node{}, 0)
	for _, n := range []int{1, 2, 300} {
		p := e.Encode(usual(n), new(delivery.Report))[0]
		loaded, err := e.Load(e.Store(nil, p))
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Spans() != n || !bytes.Equal(zipkin.Body(loaded), zipkin.Body(p)) {
			t.Errorf("%d spans were stored, %d loaded", n, loaded.Spans())
		}
		a, b, ok := e.Split(p)
		c, d, ok2 := e.Split(loaded)
		if ok != ok2 || ok && (!bytes.Equal(zipkin.Body(a), zipkin.Body(c)) || !bytes.Equal(zipkin.Body(b), zipkin.Body(d))) {
			t.Errorf("%d spans are divided differently after loading", n)
		}
	}
}

// What was loaded is stored again as the same bytes, and can be divided without a panic, whatever it is.
func FuzzLoad(f *testing.F) {
	e := zipkin.NewEncoder(zipkin.Node{}, 0)
	f.Add(e.Store(nil, e.Encode(usual(3), new(delivery.Report))[0]))
	f.Add([]byte{2, 1, 1, '[', ']'})
	f.Add([]byte{0x80, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := e.Load(data)
		if err != nil {
			return
		}
		again, err := e.Load(e.Store(nil, p))
		if err != nil || again.Spans() != p.Spans() || !bytes.Equal(zipkin.Body(again), zipkin.Body(p)) {
			t.Errorf("%x: stored again: %v", data, err)
		}
		if a, b, ok := e.Split(p); ok && a.Spans()+b.Spans() != p.Spans() {
			t.Errorf("%x: %d spans are divided into %d and %d", data, p.Spans(), a.Spans(), b.Spans())
		}
	})
}
