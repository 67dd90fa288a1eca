package jaeger_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// towards is a network whose receiver has the buffer that look returns.
func towards(write func([]byte) error, look func() (jaeger.Buffer, bool)) jaeger.Network {
	return jaeger.Network{
		Lookup: addresses("192.0.2.1"),
		Dial:   func(context.Context, netip.AddrPort) (net.Conn, error) { return newFakeConn(write), nil },
		Watch:  func(net.Conn) func() (jaeger.Buffer, bool) { return look },
	}
}

func TestUDPWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used, full, packets atomic.Int64 // full: packets that met a buffer without room
		used.Store(60)
		q := buildUDP(t, new(logBook), agentSettings(), towards(func([]byte) error {
			packets.Add(1)
			if used.Add(30) > 100 {
				full.Add(1)
			}
			return nil
		}, func() (jaeger.Buffer, bool) {
			b := jaeger.NewBuffer(uint32(used.Load()), 100, 0)
			used.Store(max(0, used.Load()-7)) // the receiver reads
			return b, true
		}))
		enqueue(q, 0, 4000)
		flush(t, q)
		if s := q.Stats(); full.Load() != 0 || packets.Load() < 20 || s.Delivered != 4000 || s.Retries != 0 {
			t.Errorf("%d of %d packets met a full buffer, %+v", full.Load(), packets.Load(), s)
		}
	})
}

func TestUDPReceiverOverflows(t *testing.T) {
	tests := []struct {
		name     string
		drops    []uint32 // before and after each write
		known    bool
		attempts int64
	}{
		{"never", []uint32{3, 3}, true, 1},
		{"at the first packet", []uint32{3, 4, 4, 4}, true, 2},
		{"at other packets, in between", []uint32{3, 4, 9, 9}, true, 2},
		{"unseen", []uint32{3, 4, 4, 4}, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var packets atomic.Int64
				looks := 0
				q := buildUDP(t, new(logBook), agentSettings(), towards(func([]byte) error {
					packets.Add(1)
					return nil
				}, func() (jaeger.Buffer, bool) {
					b := jaeger.NewBuffer(0, 100, tt.drops[min(looks, len(tt.drops)-1)])
					looks++
					return b, tt.known
				}))
				enqueue(q, 0, 3)
				flush(t, q)
				if s := q.Stats(); packets.Load() != tt.attempts || s.Delivered != 3 || s.Retries != uint64(tt.attempts-1) {
					t.Errorf("%d packets, %+v, want %d and all delivered", packets.Load(), s, tt.attempts)
				}
			})
		})
	}
}

func TestUDPReceiverDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := common(new(logBook))
		c.Delivery.Timeout = 20 * time.Millisecond
		var packets atomic.Int64
		q, err := jaeger.BuildUDP(c, agentSettings(), towards(func([]byte) error {
			packets.Add(1)
			return nil
		}, func() (jaeger.Buffer, bool) { return jaeger.NewBuffer(51, 100, 0), true }))
		if err != nil {
			t.Fatal(err)
		}
		enqueue(q, 0, 3)
		eventually(t, "an error", func() bool { return q.Stats().LastError != "" })
		s := q.Stats()
		if packets.Load() != 0 || s.Queued != 3 || s.LastError != "receive buffer of the agent is full" || !strings.Contains(s.Hint, "agent.test:6831 reads slowly") {
			t.Errorf("%d packets, %+v, want none, 3 spans queued, and a hint", packets.Load(), s)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = q.Shutdown(ctx)
		if n := q.Stats().Dropped[delivery.DropShutdown]; n != 3 {
			t.Errorf("shutdown %d, want 3", n)
		}
	})
}

// Without a pace nothing is watched.
func TestUDPUnpacedDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := towards(func([]byte) error { return nil }, func() (jaeger.Buffer, bool) {
			t.Error("the receiver is watched")
			return jaeger.Buffer{}, false
		})
		q := buildUDP(t, new(logBook), agentSettings(func(s *jaeger.Settings) { s.Thrift.MaxBytesPerSecond = 0 }), n)
		enqueue(q, 0, 10)
		flush(t, q)
	})
}

func TestPaceFollowsTheSendersBuffers(t *testing.T) {
	t.Parallel()
	const full = 1 << 20
	for _, err := range []error{os.ErrDeadlineExceeded, syscall.ENOBUFS, syscall.EAGAIN, &net.OpError{Op: "write", Err: syscall.ENOBUFS}} {
		p := jaeger.NewPace(full)
		p.Failed(err)
		if got := p.BytesPerSecond(); got != full/2 {
			t.Errorf("%v: %d bytes a second, want %d", err, got, full/2)
		}
		for range 20 {
			p.Failed(err)
		}
		if got := p.BytesPerSecond(); got != full/256 {
			t.Errorf("%v, many times: %d bytes a second, want %d", err, got, full/256)
		}
		for range 200 {
			p.Sent()
		}
		if got := p.BytesPerSecond(); got != full {
			t.Errorf("%v, then 200 packets: %d bytes a second, want %d", err, got, full)
		}
	}
	p := jaeger.NewPace(full)
	p.Failed(syscall.ECONNREFUSED)
	if got := p.BytesPerSecond(); got != full {
		t.Errorf("after a refusal: %d bytes a second, want %d", got, full)
	}
}
