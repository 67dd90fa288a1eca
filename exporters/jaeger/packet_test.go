package jaeger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func packets(size int, change ...func(*jaeger.Settings)) jaeger.Packer {
	return packer(jaeger.ProtocolUDPCompact, 0, append(change, func(s *jaeger.Settings) { s.Thrift.MaxPacketSize = size })...)
}

// Every packet is within the limit, and the packets contain all spans except the dropped ones.
func TestPacketsStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	tests := []struct{ limit, spans, largest int }{
		{512, 200, 2000}, {1472, 1, 60000}, {1472, 1000, 2000}, {8000, 10000, 100}, {8000, 100, 60000}, {65000, 100, 60000}, {65000, 20, 200000},
	}
	for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
		for _, tt := range tests {
			for _, oversize := range []string{"truncate", "drop"} {
				t.Run(fmt.Sprintf("%s/%d/%d/%s", protocol, tt.limit, tt.spans, oversize), func(t *testing.T) {
					t.Parallel()
					checkPackets(t, protocol, tt.limit, tt.spans, tt.largest, oversize)
				})
			}
		}
	}
}

func checkPackets(t *testing.T, protocol string, limit, n, largest int, oversize string) {
	r := newRandom(uint64(limit + n))
	res := resource.NewSchemaless(attribute.String("service.name", "MySvc"), attribute.String("host.name", "h"))
	spans := make([]sdktrace.ReadOnlySpan, n)
	want := map[string]int{}
	for i := range spans {
		spans[i] = r.sized(1+r.IntN(largest), res)
		want[spans[i].SpanContext().SpanID().String()]++
	}
	p := packer(protocol, 0, func(s *jaeger.Settings) {
		s.Thrift.MaxPacketSize, s.Thrift.Oversize = limit, oversize
	})
	var report delivery.Report
	got, truncated := 0, 0
	for _, packet := range p.Pack(spans, &report) {
		if len(packet) > limit {
			t.Errorf("packet of %d bytes, limit %d", len(packet), limit)
		}
		for _, s := range decodePacket(t, packet, protocol == jaeger.ProtocolUDPBinary).Spans {
			got++
			want[s.ID]--
			if len(s.Tags) > 0 && s.Tags[len(s.Tags)-1].Key == "spanroute.truncated" {
				truncated++
			}
		}
	}
	for id, left := range want {
		if left < 0 {
			t.Errorf("span %s came %d times too often", id, -left)
		}
	}
	if dropped := report.Dropped(delivery.DropTooLarge); got+dropped != n {
		t.Errorf("%d spans sent and %d dropped, want %d", got, dropped, n)
	}
	if truncated != report.Repaired(delivery.RepairTruncated) {
		t.Errorf("%d spans marked, %d counted as truncated", truncated, report.Repaired(delivery.RepairTruncated))
	}
	if oversize == "drop" && truncated != 0 {
		t.Errorf("%d truncated with oversize: drop", truncated)
	}
}

// A packet's length is known before it is made, to the byte: spans that need n bytes go into one packet of n,
// and into two when the limit is n-1. The counts are those at which the length of a list grows.
func TestPacketLengthIsExact(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
		for _, n := range []int{2, 14, 15, 16, 127, 128, 300} {
			spans := make([]sdktrace.ReadOnlySpan, n)
			r := newRandom(uint64(n))
			for i := range spans {
				spans[i] = r.sized(r.IntN(100), nil)
			}
			pack := func(limit int) [][]byte {
				p := packer(protocol, 0, func(s *jaeger.Settings) { s.Thrift.MaxPacketSize = limit })
				return p.Pack(spans, new(delivery.Report))
			}
			need := len(pack(65000)[0])
			if got := pack(need); len(got) != 1 || len(got[0]) != need {
				t.Errorf("%s: %d spans of %d bytes are %d packets at that limit, want 1", protocol, n, need, len(got))
			}
			if got := pack(need - 1); len(got) != 2 || len(got[0]) >= need {
				t.Errorf("%s: %d spans of %d bytes are %d packets at a limit of one less, want 2", protocol, n, need, len(got))
			}
		}
	}
}

// Packets are filled greedily: no packet could have taken the first span of the next.
func TestPacketsAreFull(t *testing.T) {
	t.Parallel()
	spans := make([]sdktrace.ReadOnlySpan, 300)
	r := newRandom(9)
	for i := range spans {
		spans[i] = r.sized(r.IntN(500), nil)
	}
	const limit = 8000
	bodies := packets(limit).Pack(spans, new(delivery.Report))
	for i := range bodies[:len(bodies)-1] {
		single := packets(limit).PackHalves(spans, new(delivery.Report))
		n := 0
		for _, b := range bodies[:i+1] {
			n += len(decodePacket(t, b, false).Spans)
		}
		alone := len(single[n]) - len(emptyPacket(t, single[n]))
		if len(bodies[i])+alone+1 < limit { // 1: the list's length may grow by a byte
			t.Errorf("packet %d has %d bytes, the next span %d, limit %d", i, len(bodies[i]), alone, limit)
		}
	}
}

// emptyPacket is the size of a packet of one span without that span.
func emptyPacket(t *testing.T, packet []byte) []byte {
	t.Helper()
	service := decodePacket(t, packet, false).Service
	return make([]byte, 19+1+1+len(service)+1)
}

func TestPacketHead(t *testing.T) {
	packet := packets(8000).Pack([]sdktrace.ReadOnlySpan{base().Snapshot()}, new(delivery.Report))[0]
	if packet[0] != 0x82 || packet[1] != 0x81 || packet[2] != 1 {
		t.Errorf("packet begins % x, want 82 (compact), 81 (oneway), 01 (seqid)", packet[:3])
	}
}

func TestOversizeDrop(t *testing.T) {
	small, large := base(), base(func(s *tracetest.SpanStub) {
		s.Name = "large\nname" + strings.Repeat("é", 100)
		s.Attributes = []attribute.KeyValue{attribute.String("secret", strings.Repeat("s3cr3t", 12000))}
	})
	var r delivery.Report
	p := packets(8000, func(s *jaeger.Settings) { s.Thrift.Oversize = "drop" })
	bodies := p.Pack([]sdktrace.ReadOnlySpan{small.Snapshot(), large.Snapshot(), small.Snapshot()}, &r)
	if len(bodies) != 1 || len(decodePacket(t, bodies[0], false).Spans) != 2 {
		t.Errorf("%d packets, want 1 with 2 spans", len(bodies))
	}
	if n := r.Dropped(delivery.DropTooLarge); n != 1 {
		t.Errorf("too_large %d, want 1", n)
	}
}

func TestProcessIsTrimmed(t *testing.T) {
	s := base(func(s *tracetest.SpanStub) {
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "MySvc"), attribute.String("a", "1"),
			attribute.String("huge", strings.Repeat("x", 70000)), attribute.String("large", strings.Repeat("x", 3850)), attribute.String("z", "2"))
	})
	p := packets(8000, func(s *jaeger.Settings) { s.Thrift.ClientStats = true })
	var r delivery.Report
	bodies := p.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, &r)
	if len(bodies) != 1 || len(bodies[0]) > 8000 {
		t.Fatalf("%d packets, want 1 within 8000", len(bodies))
	}
	b := decodePacket(t, bodies[0], false)
	if b.Service != "MySvc" || len(b.Spans) != 1 {
		t.Errorf("service %q, %d spans", b.Service, len(b.Spans))
	}
	var keys []string
	for _, x := range b.Tags {
		keys = append(keys, x.Key)
	}
	if diff := cmp.Diff([]string{"a", "large", "z", "client-uuid", "spanroute.truncated"}, keys); diff != "" {
		t.Errorf("process tags (-want +got):\n%s", diff)
	}
}

func TestBatchIsNotSplit(t *testing.T) {
	whole := func(s *jaeger.Settings) { s.Thrift.UDPSplitOversizedBatches = false }
	spans := make([]sdktrace.ReadOnlySpan, 50)
	for i := range spans {
		spans[i] = base(func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("k", strings.Repeat("x", 200))}
		}).Snapshot()
	}
	var r delivery.Report
	if bodies := packets(4000, whole).Pack(spans, &r); len(bodies) != 0 || r.Dropped(delivery.DropTooLarge) != 50 {
		t.Errorf("%d packets and %d dropped, want 0 and 50", len(bodies), r.Dropped(delivery.DropTooLarge))
	}
	r = delivery.Report{}
	if bodies := packets(4000, whole).Pack(spans[:5], &r); len(bodies) != 1 || r.Dropped(delivery.DropTooLarge) != 0 {
		t.Errorf("%d packets and %d dropped, want 1 and 0", len(bodies), r.Dropped(delivery.DropTooLarge))
	}
	r = delivery.Report{}
	toAnotherHost := func(s *jaeger.Settings) { s.Thrift.AgentHostName = "agent.test" }
	if bodies := packets(65000, whole, toAnotherHost).Pack(spans, &r); len(bodies) != 1 || len(bodies[0]) < 8001 {
		t.Errorf("%d packets without max_packet_size, want 1 of up to 65000 bytes", len(bodies))
	}
}

func TestCollectorLimits(t *testing.T) {
	t.Parallel()
	r := newRandom(4)
	large := attribute.String("k", strings.Repeat("x", 20<<10))
	var spans []sdktrace.ReadOnlySpan
	for range 1100 {
		spans = append(spans, r.sized(10, nil))
	}
	for range 500 {
		spans = append(spans, base(func(s *tracetest.SpanStub) { s.Resource, s.Attributes = nil, []attribute.KeyValue{large} }).Snapshot())
	}
	spans = append(spans, base(func(s *tracetest.SpanStub) {
		s.Resource, s.Attributes = nil, []attribute.KeyValue{attribute.String("k", strings.Repeat("x", 5<<20))}
	}).Snapshot())
	for protocol, most := range map[string]int{jaeger.ProtocolHTTPBinary: 4 << 20, jaeger.ProtocolGRPC: 7 << 19} {
		decode := decodeBatch
		if protocol == jaeger.ProtocolGRPC {
			decode = decodePost
		}
		total := 0
		for _, body := range packer(protocol, 0).Pack(spans, new(delivery.Report)) {
			n := len(decode(t, body).Spans)
			if n > 500 || len(body) > most && n > 1 {
				t.Errorf("%s: payload of %d spans, %d bytes", protocol, n, len(body))
			}
			total += n
		}
		if total != len(spans) {
			t.Errorf("%s: %d spans, want %d", protocol, total, len(spans))
		}
	}
}
