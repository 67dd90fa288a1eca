package jaeger_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// slowAgent is a socket on loopback whose reader the test slows down.
type slowAgent struct {
	*fakeAgent
	reading chan struct{} // closed: go on
}

func startSlowAgent(t *testing.T, buffer int, before func()) *slowAgent {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if buffer > 0 {
		_ = conn.SetReadBuffer(buffer)
	}
	a := &slowAgent{&fakeAgent{conn: conn, done: make(chan struct{})}, make(chan struct{})}
	go func() {
		defer close(a.done)
		<-a.reading
		buf := make([]byte, 65535)
		for {
			before()
			n, err := a.conn.Read(buf)
			if err != nil {
				return
			}
			a.note(buf[:n])
		}
	}()
	t.Cleanup(a.stop)
	return a
}

// A receiver on the same host that reads slowly, or not at all for a while, loses nothing. It stands what the
// kernel's smallest buffer holds, which is one packet, and readers that take a packet a millisecond.
func TestUDPSlowReceiverLosesNothing(t *testing.T) {
	t.Parallel()
	const each = 2000
	tests := []struct {
		name      string
		buffer    int // 0: the system's default
		pause     time.Duration
		stopped   bool // reads nothing until no more is sent
		exporters int
		packet    int
	}{
		{"stops for a while", 0, 0, true, 1, 65000},
		{"stops for a while, small packets", 0, 0, true, 1, 8000},
		{"smallest buffer", 1, time.Millisecond, false, 1, 8000},
		{"smallest buffer, large packets", 1, time.Millisecond, false, 1, 65000},
		{"default buffer, two programs", 0, time.Millisecond, false, 2, 8000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := startSlowAgent(t, tt.buffer, func() { time.Sleep(tt.pause) })
			start := sync.OnceFunc(func() { close(a.reading) })
			t.Cleanup(start)
			if !tt.stopped {
				start()
			}
			var queues []delivery.Destination
			for i := range tt.exporters {
				c := common(new(logBook))
				if tt.stopped {
					c.Delivery.Timeout = 50 * time.Millisecond
				}
				q := open(t, c, section(a.fakeAgent, "max_packet_size", tt.packet))
				for j := range each {
					q.Enqueue(withText(i*each+j, 150).Snapshot())
				}
				queues = append(queues, q)
			}
			eventually(t, "a full buffer", func() bool {
				s := queues[0].Stats()
				return !tt.stopped || s.LastError != "" || s.Queued == 0
			})
			start()
			for _, q := range queues {
				flush(t, q)
			}
			eventually(t, "all spans", func() bool { return len(distinct(a.spans(t))) == each*tt.exporters })
			for _, q := range queues {
				if s := q.Stats(); s.Delivered != each || s.DroppedTotal() != 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func distinct(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}
