package jaeger_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func withText(i, n int) tracetest.SpanStub {
	return numbered(i, func(s *tracetest.SpanStub) {
		s.Attributes = []attribute.KeyValue{attribute.String("text", strings.Repeat("x", n))}
	})
}

// Packets hold what the agent takes; those of several spans are small where a datagram travels in fragments.
func TestPacketSizeByDefault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host   string
		size         int
		set          bool // max_packet_size is set to size
		several, one int  // bytes of a packet at most
	}{
		{"localhost", "localhost", 65000, false, 65000, 65000},
		{"localhost in capitals", "LOCALHOST", 65000, false, 65000, 65000},
		{"an address of this host", "127.0.0.1", 65000, false, 65000, 65000},
		{"an address in brackets", "[::1]", 65000, false, 65000, 65000},
		{"another host", "agent.example.org", 65000, false, 8000, 65000},
		{"the address of another host", "192.0.2.1", 65000, false, 8000, 65000},
		{"the key is set", "agent.example.org", 65000, true, 65000, 65000},
		{"the key is set on this host", "localhost", 1472, true, 1472, 1472},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			thrift := map[string]any{"agent_host_name": tt.host}
			if tt.set {
				thrift["max_packet_size"] = tt.size
			}
			p := jaeger.NewPacker(jaeger.Completed(t, map[string]any{"thrift": thrift}), 0)
			var spans []sdktrace.ReadOnlySpan
			for i := range 1000 {
				spans = append(spans, withText(i, 100).Snapshot())
			}
			largest := func(bodies [][]byte) int {
				return len(slices.MaxFunc(bodies, func(a, b []byte) int { return len(a) - len(b) }))
			}
			if n := largest(p.Pack(spans, new(delivery.Report))); n > tt.several || n < tt.several-300 {
				t.Errorf("a packet of several spans has %d bytes, want nearly %d", n, tt.several)
			}
			if n := largest(p.Pack([]sdktrace.ReadOnlySpan{withText(1, 70000).Snapshot()}, new(delivery.Report))); n != tt.one {
				t.Errorf("the packet of a long span has %d bytes, want %d", n, tt.one)
			}
		})
	}
}

// A host that sends no datagram of the size loses nothing: what is cut is cut to the size it does send.
func TestUDPMessageSizeOfSingleSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, most := range []int{9216, 1500} {
			var (
				mu   sync.Mutex
				sent []int
				ids  []string
			)
			q := buildUDP(t, new(logBook), agentSettings(), jaeger.Network{
				Lookup: addresses("192.0.2.1"),
				Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
					return newFakeConn(func(p []byte) error {
						mu.Lock()
						defer mu.Unlock()
						if len(p) > most {
							return syscall.EMSGSIZE
						}
						b, err := readPacket(p, false)
						for _, s := range b.Spans {
							ids = append(ids, s.ID)
						}
						sent = append(sent, len(p))
						return err
					}), nil
				},
			})
			for i, n := range []int{70000, 100, 20000, 100, 3} {
				q.Enqueue(withText(i, n).Snapshot())
			}
			flush(t, q)
			stats := q.Stats()
			mu.Lock()
			slices.Sort(ids)
			if ids = slices.Compact(ids); len(ids) != 5 || stats.Delivered != 5 || stats.DroppedTotal() != 0 {
				t.Errorf("limit %d: %d spans arrived, %+v", most, len(ids), stats)
			}
			if n := stats.Repaired[delivery.RepairTruncated]; n != 2 {
				t.Errorf("limit %d: %d spans count as truncated, want 2", most, n)
			}
			if largest := slices.Max(sent); largest <= most/2-100 {
				t.Errorf("limit %d: the largest packet has %d bytes", most, largest)
			}
			mu.Unlock()
		}
	})
}
