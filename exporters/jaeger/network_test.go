package jaeger_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
	"github.com/spanroute/spanroute/registry"
)

// fakeConn is a socket whose writes the test decides about.
type fakeConn struct {
	net.Conn // nil: the rest is not used
	write    func([]byte) error
	once     sync.Once
	closed   chan struct{}
}

func newFakeConn(write func([]byte) error) *fakeConn {
	return &fakeConn{write: write, closed: make(chan struct{})}
}

func (c *fakeConn) Write(p []byte) (int, error) {
	if err := c.write(p); err != nil {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: err}
	}
	return len(p), nil
}

func (c *fakeConn) Read([]byte) (int, error) {
	<-c.closed
	return 0, io.EOF
}

func (c *fakeConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }

func (c *fakeConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

func agentSettings(change ...func(*jaeger.Settings)) jaeger.Settings {
	s := jaeger.Defaults()
	s.Thrift.AgentHostName = "agent.test"
	for _, c := range change {
		c(&s)
	}
	return s
}

func buildUDP(t *testing.T, log *logBook, s jaeger.Settings, n jaeger.Network) delivery.Destination {
	t.Helper()
	q, err := jaeger.BuildUDP(common(log), s, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shutdown(t, q) })
	return q
}

func addresses(texts ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) {
		var out []netip.Addr
		for _, text := range texts {
			out = append(out, netip.MustParseAddr(text))
		}
		return out, nil
	}
}

// One packet is under way at a time, with any value of Senders: a refusal belongs to the one before.
func TestUDPOneInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, top atomic.Int32
		n := jaeger.Network{
			Lookup: addresses("192.0.2.1"),
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				return newFakeConn(func([]byte) error {
					top.Store(max(top.Load(), now.Add(1)))
					time.Sleep(2 * time.Millisecond)
					now.Add(-1)
					return nil
				}), nil
			},
		}
		c := common(new(logBook))
		c.Delivery.Senders = 16
		q, err := jaeger.BuildUDP(c, agentSettings(), n)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { shutdown(t, q) })
		enqueue(q, 0, 4000)
		flush(t, q)
		if top.Load() != 1 || q.Stats().Delivered != 4000 {
			t.Errorf("%d packets at once, %+v, want 1", top.Load(), q.Stats())
		}
	})
}

func TestUDPAddressChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu     sync.Mutex
			answer = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
			asked  int
			now    = epoch
			conns  = map[string]*fakeConn{}
			wrote  []string
		)
		n := jaeger.Network{
			Lookup: func(context.Context, string) ([]netip.Addr, error) {
				mu.Lock()
				defer mu.Unlock()
				asked++
				if answer == nil {
					return nil, errors.New("resolver is down")
				}
				return slices.Clone(answer), nil
			},
			Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				c := newFakeConn(func([]byte) error {
					mu.Lock()
					defer mu.Unlock()
					wrote = append(wrote, to.Addr().String())
					return nil
				})
				conns[to.Addr().String()] = c
				return c, nil
			},
			Now: func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return now
			},
		}
		q := buildUDP(t, new(logBook), agentSettings(), n)
		step := func(d time.Duration, addrs ...string) {
			mu.Lock()
			now, answer = now.Add(d), nil
			for _, a := range addrs {
				answer = append(answer, netip.MustParseAddr(a))
			}
			mu.Unlock()
			enqueue(q, 0, 1)
			flush(t, q)
		}
		step(0, "192.0.2.1")
		step(29*time.Second, "192.0.2.2")                // not yet asked
		step(time.Second, "192.0.2.9", "192.0.2.1")      // still there
		step(30 * time.Second)                           // no answer changes nothing
		step(30*time.Second, "2001:db8::1", "192.0.2.2") // gone
		mu.Lock()
		defer mu.Unlock()
		want := []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "2001:db8::1"}
		if !slices.Equal(wrote, want) {
			t.Errorf("sent to %v, want %v", wrote, want)
		}
		if asked != 4 {
			t.Errorf("looked up %d times, want 4", asked)
		}
		if !conns["192.0.2.1"].isClosed() || conns["2001:db8::1"].isClosed() {
			t.Error("the old socket has to be closed, the new one open")
		}
	})
}

func TestUDPHostResolvesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, packets atomic.Int64
		q := buildUDP(t, new(logBook), agentSettings(), jaeger.Network{
			Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
				switch asked.Add(1) {
				case 1:
					return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
				case 2:
					return nil, nil
				}
				return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
			},
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				return newFakeConn(func([]byte) error { packets.Add(1); return nil }), nil
			},
		})
		enqueue(q, 0, 3)
		eventually(t, "a hint", func() bool { return q.Stats().Hint != "" || q.Stats().Delivered > 0 })
		flush(t, q)
		if s := q.Stats(); packets.Load() != 1 || s.Delivered != 3 || s.DroppedTotal() != 0 {
			t.Errorf("%d packets, %+v, want 1 with 3 spans", packets.Load(), s)
		}
	})
}

// A refusal that comes after the engine has settled a packet is not taken for one of the next.
func TestUDPLateRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var packets atomic.Int64
		conn := newFakeConn(func([]byte) error { packets.Add(1); return nil })
		refusals := make(chan error)
		q := buildUDP(t, new(logBook), agentSettings(), jaeger.Network{
			Lookup: addresses("192.0.2.1"),
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				return &refusingConn{conn, refusals}, nil
			},
		})
		enqueue(q, 0, 1)
		flush(t, q)                  // waits until the packet counts as delivered
		time.Sleep(time.Millisecond) // by now a refusal is late
		refusals <- syscall.ECONNREFUSED
		refusals <- syscall.ECONNREFUSED // by now the first has been noted
		enqueue(q, 1, 2)
		flush(t, q)
		if s := q.Stats(); packets.Load() != 2 || s.Delivered != 2 || s.Retries != 0 {
			t.Errorf("%d packets, %+v, want 2 and no retry", packets.Load(), s)
		}
	})
}

// refusingConn has reads that meet refusals.
type refusingConn struct {
	*fakeConn
	refusals chan error
}

func (c *refusingConn) Read([]byte) (int, error) {
	select {
	case err := <-c.refusals:
		return 0, &net.OpError{Op: "read", Net: "udp", Err: err}
	case <-c.closed:
		return 0, io.EOF
	}
}

func TestUDPTriesEveryAddress(t *testing.T) {
	tests := []struct {
		name  string
		first error // of the dial to the first address
		write error // of a write to it
	}{
		{"cannot be dialled", syscall.ENETUNREACH, nil},
		{"refuses", nil, syscall.ECONNREFUSED},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var delivered atomic.Int64
				n := jaeger.Network{
					Lookup: addresses("::1", "127.0.0.1"),
					Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
						if to.Addr().Is4() {
							return newFakeConn(func([]byte) error { delivered.Add(1); return nil }), nil
						}
						return newFakeConn(func([]byte) error { return tt.write }), tt.first
					},
				}
				if tt.first != nil {
					n.Dial = func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
						if to.Addr().Is4() {
							return newFakeConn(func([]byte) error { delivered.Add(1); return nil }), nil
						}
						return nil, tt.first
					}
				}
				q := buildUDP(t, new(logBook), agentSettings(), n)
				enqueue(q, 0, 1)
				flush(t, q)
				if delivered.Load() != 1 || q.Stats().Delivered != 1 {
					t.Errorf("%d packets at the second address, %+v", delivered.Load(), q.Stats())
				}
			})
		})
	}
}

func TestUDPMessageSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu   sync.Mutex
			sent []int
			ids  = map[string]bool{}
		)
		var log logBook
		q := buildUDP(t, &log, agentSettings(), jaeger.Network{
			Lookup: addresses("192.0.2.1"),
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				return newFakeConn(func(p []byte) error {
					mu.Lock()
					defer mu.Unlock()
					sent = append(sent, len(p))
					if len(p) > 1500 {
						return syscall.EMSGSIZE
					}
					b, err := readPacket(p, false)
					for _, s := range b.Spans {
						ids[s.ID] = true
					}
					return err
				}), nil
			},
		})
		enqueue(q, 0, 300)
		flush(t, q)
		mu.Lock()
		if len(ids) != 300 || q.Stats().Delivered != 300 {
			t.Errorf("%d spans arrived, %+v", len(ids), q.Stats())
		}
		sent = nil
		mu.Unlock()
		enqueue(q, 300, 600)
		flush(t, q)
		mu.Lock()
		defer mu.Unlock()
		if len(ids) != 600 {
			t.Errorf("%d spans arrived, want 600", len(ids))
		}
		if largest := slices.Max(sent); largest > 1500 {
			t.Errorf("a packet of %d bytes after the limit was learnt", largest)
		}
		log.wait(t, "net.inet.udp.maxdgram")
		hints := 0
		for _, line := range log.lines() {
			if strings.Contains(line, "net.inet.udp.maxdgram") {
				hints++
			}
		}
		if hints != 1 {
			t.Errorf("%d log lines with the hint, want 1:\n%s", hints, strings.Join(log.lines(), "\n"))
		}
	})
}

func TestUDPPort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, protocol string
		thrift         map[string]any
		want           string
	}{
		{"compact", "thrift", nil, "localhost:6831 over UDP"},
		{"binary", "udp/thrift.binary", nil, "localhost:6832 over UDP"},
		{"binary, set to the default of compact", "udp/thrift.binary", map[string]any{"agent_port": 6831}, "localhost:6831 over UDP"},
		{"binary, another port", "udp/thrift.binary", map[string]any{"agent_port": 7000}, "localhost:7000 over UDP"},
	} {
		p, err := registry.Default().Complete("jaeger", map[string]any{"protocol": tt.protocol, "thrift": tt.thrift}, nil)
		if err != nil || p.Destination != tt.want {
			t.Errorf("%s: to %q, %v, want %q", tt.name, p.Destination, err, tt.want)
		}
	}
}

// A write that fails for no reason of its own is tried again on a new socket.
func TestUDPOtherFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials, packets atomic.Int64
		q := buildUDP(t, new(logBook), agentSettings(), jaeger.Network{
			Lookup: addresses("192.0.2.1"),
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				if dials.Add(1) == 1 {
					return newFakeConn(func([]byte) error { return syscall.ENOBUFS }), nil
				}
				return newFakeConn(func([]byte) error { packets.Add(1); return nil }), nil
			},
		})
		enqueue(q, 0, 1)
		flush(t, q)
		if s := q.Stats(); dials.Load() != 2 || packets.Load() != 1 || s.Delivered != 1 {
			t.Errorf("%d sockets, %d packets, %+v, want 2, 1, one delivered", dials.Load(), packets.Load(), s)
		}
	})
}
