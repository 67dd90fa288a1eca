package jaeger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// encodings are the four ways a span travels.
var encodings = []struct {
	protocol string
	decode   func(t testing.TB, body []byte) batch
	micro    bool // times are cut to microseconds
}{
	{jaeger.ProtocolUDPCompact, func(t testing.TB, b []byte) batch { return decodePacket(t, b, false) }, true},
	{jaeger.ProtocolUDPBinary, func(t testing.TB, b []byte) batch { return decodePacket(t, b, true) }, true},
	{jaeger.ProtocolHTTPBinary, decodeBatch, true},
	{jaeger.ProtocolGRPC, decodePost, false},
}

var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

func packer(protocol string, limit int, change ...func(*jaeger.Settings)) jaeger.Packer {
	s := jaeger.Defaults()
	s.Protocol, s.LinkLogs = protocol, true
	s.Thrift.MaxPacketSize = 65000
	for _, c := range change {
		c(&s)
	}
	return jaeger.NewPacker(s, limit)
}

// FuzzEncode compares what jaeger-idl reads from every encoding with the mapping written down plainly.
func FuzzEncode(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed, "GET /users/{id}", int16(seed%9))
	}
	f.Add(uint64(7), "\xff\xfe bad", int16(3))
	f.Fuzz(func(t *testing.T, seed uint64, word string, limit int16) {
		r := newRandom(seed, word, word+"2")
		attributes := r.attributes(0)
		res := resource.NewSchemaless(attributes...)
		spans := make([]sdktrace.ReadOnlySpan, 1+r.IntN(3))
		for i := range spans {
			spans[i] = r.span(res)
		}
		service, tags := mappedResource(res, int(limit))
		for _, e := range encodings {
			p := packer(e.protocol, int(limit), func(s *jaeger.Settings) { s.Thrift.Oversize = "drop" })
			var r delivery.Report
			got := batch{}
			for _, body := range p.Pack(spans, &r) {
				b := e.decode(t, body)
				if b.Service != service {
					t.Errorf("%s: service %q, want %q", e.protocol, b.Service, service)
				}
				if len(body) <= 30000 { // a process above half a packet is trimmed
					if diff := difference(tags, b.Tags); diff != "" {
						t.Errorf("%s: process (-want +got):\n%s", e.protocol, diff)
					}
				}
				got.Spans = append(got.Spans, b.Spans...)
			}
			if dropped := r.Dropped(delivery.DropTooLarge); dropped > 0 {
				if len(got.Spans)+dropped != len(spans) {
					t.Errorf("%s: %d spans and %d dropped, want %d", e.protocol, len(got.Spans), dropped, len(spans))
				}
				continue
			}
			var want []span
			for _, s := range spans {
				want = append(want, mapped(s, int(limit), true, e.micro))
			}
			if diff := difference(want, got.Spans); diff != "" {
				t.Errorf("%s (-want +got):\n%s", e.protocol, diff)
			}
		}
	})
}

func TestSplitKeepsEverySpan(t *testing.T) {
	t.Parallel()
	r := newRandom(3)
	spans := make([]sdktrace.ReadOnlySpan, 37)
	for i := range spans {
		spans[i] = r.span(nil)
	}
	for _, e := range encodings {
		p := packer(e.protocol, 0)
		var whole, halves []span
		for _, body := range p.Pack(spans, new(delivery.Report)) {
			whole = append(whole, e.decode(t, body).Spans...)
		}
		for _, body := range p.PackHalves(spans, new(delivery.Report)) {
			b := e.decode(t, body)
			if len(b.Spans) != 1 {
				t.Errorf("%s: a part that cannot be split holds %d spans", e.protocol, len(b.Spans))
			}
			halves = append(halves, b.Spans...)
		}
		if len(whole) != len(halves) {
			t.Fatalf("%s: %d spans before the split, %d after it", e.protocol, len(whole), len(halves))
		}
		for i := range whole {
			if diff := difference(whole[i], halves[i]); diff != "" {
				t.Errorf("%s: split (-whole +halves):\n%s", e.protocol, diff)
			}
		}
	}
}
