package jaeger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func TestUDP(t *testing.T) { // U1
	t.Parallel()
	for _, tt := range []struct {
		protocol string
		first    byte
	}{{"thrift", 0x82}, {"udp/thrift.compact", 0x82}, {"udp/thrift.binary", 0x80}} {
		t.Run(tt.protocol, func(t *testing.T) {
			a := startAgent(t, "127.0.0.1:0", tt.protocol == jaeger.ProtocolUDPBinary)
			keys := section(a)
			keys["protocol"] = tt.protocol
			q := open(t, common(new(logBook)), keys)
			enqueue(q, 1, 2)
			flush(t, q)
			eventually(t, "one datagram", func() bool { return len(a.received()) == 1 })
			if got := a.spans(t); len(got) != 1 || got[0] != "fe00000000000001" {
				t.Errorf("spans %v, want fe00000000000001", got)
			}
			if a.packets[0][0] != tt.first {
				t.Errorf("first byte %#x, want %#x", a.packets[0][0], tt.first)
			}
			if s := q.Stats(); s.Delivered != 1 {
				t.Errorf("delivered %d, want 1", s.Delivered)
			}
		})
	}
}

func TestUDPOversize(t *testing.T) { // U4
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	var log logBook
	q := open(t, common(&log), section(a, "oversize", "drop"))
	q.Enqueue(numbered(1).Snapshot())
	q.Enqueue(numbered(2, func(s *tracetest.SpanStub) {
		s.Name = strings.Repeat("n", 100)
		s.Attributes = []attribute.KeyValue{attribute.String("k", strings.Repeat("s3cr3t", 12000))}
	}).Snapshot())
	q.Enqueue(numbered(3).Snapshot())
	flush(t, q)
	eventually(t, "two spans", func() bool { return len(a.spans(t)) == 2 })
	if n := q.Stats().Dropped[delivery.DropTooLarge]; n != 1 {
		t.Errorf("too_large %d, want 1", n)
	}
	eventually(t, "a log line", func() bool { return len(log.lines()) > 0 })
	line := strings.Join(log.lines(), "\n")
	if strings.Contains(line, "s3cr3t") || !strings.Contains(line, "span too large: trace="+baseTrace.String()+" span=fe00000000000002") ||
		!strings.Contains(line, "limit=8000") {
		t.Errorf("log: %s", line)
	}
	if at := strings.Index(line, "span too large"); at >= 0 && len(line[at:]) >= 300 {
		t.Errorf("log line of %d bytes, want less than 300: %s", len(line[at:]), line)
	}
}

func TestUDPWholeBatch(t *testing.T) { // rule 8
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	var log logBook
	c := common(&log)
	c.Source = func(string) string { return "app.yaml:3:5" }
	q := open(t, c, section(a, "udp_split_oversized_batches", false, "max_packet_size", 600))
	enqueue(q, 0, 100)
	flush(t, q)
	if n := q.Stats().Dropped[delivery.DropTooLarge]; n == 0 {
		t.Errorf("too_large 0, want what needs more than a packet: %+v", q.Stats())
	}
	eventually(t, "a log line with the key", func() bool {
		return strings.Contains(strings.Join(log.lines(), "\n"), "udp_split_oversized_batches")
	})
}

func TestUDPAgentComesBack(t *testing.T) { // U7
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	addr := a.conn.LocalAddr().String()
	q := open(t, common(new(logBook)), section(a))
	enqueue(q, 0, 10)
	flush(t, q)
	eventually(t, "the first spans", func() bool { return len(a.spans(t)) == 10 })
	a.stop()

	enqueue(q, 10, 20)
	eventually(t, "the refusal", func() bool { return q.Stats().LastError != "" })
	if err := q.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{numbered(20).Snapshot()}); err != nil {
		t.Errorf("ExportSpans during the outage: %v, want nil", err)
	}
	back := startAgent(t, addr, false)
	flush(t, q)
	s := q.Stats()
	if s.DroppedTotal() != 0 || s.Delivered != 21 {
		t.Errorf("delivered %d, dropped %v, want 21 and none", s.Delivered, s.Dropped)
	}
	eventually(t, "what was sent meanwhile", func() bool { return len(back.spans(t)) >= 11 })
}

func TestUDPUnknownHost(t *testing.T) { // U8
	t.Parallel()
	var log logBook
	began := time.Now()
	q := open(t, common(&log), map[string]any{"thrift": map[string]any{"agent_host_name": "no-such.invalid"}})
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("built in %s, want less than 100 ms", took)
	}
	enqueue(q, 0, 5)
	eventually(t, "an error", func() bool { return q.Stats().LastError != "" })
	if hint := q.Stats().Hint; hint != "" && !strings.Contains(hint, "no-such.invalid, it comes from jaeger.thrift.agent_host_name") {
		t.Errorf("hint %q, want host and key", hint)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := q.Shutdown(ctx); err == nil {
		t.Error("Shutdown with spans left: nil, want an error")
	}
	if n := q.Stats().Dropped[delivery.DropShutdown]; n != 5 {
		t.Errorf("shutdown %d, want 5", n)
	}
}

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

func settings(change ...func(*jaeger.Settings)) jaeger.Settings {
	s := jaeger.Defaults()
	s.Thrift.AgentHostName = "agent.test"
	for _, c := range change {
		c(&s)
	}
	return s
}

func buildUDP(t *testing.T, log *logBook, s jaeger.Settings, n jaeger.Network) delivery.Queuer {
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

func TestUDPAddressChanges(t *testing.T) { // U9
	t.Parallel()
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
	q := buildUDP(t, new(logBook), settings(), n)
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
}

func TestUDPHostResolvesLater(t *testing.T) { // D8
	t.Parallel()
	var asked, packets atomic.Int64
	q := buildUDP(t, new(logBook), settings(), jaeger.Network{
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
}

// A refusal that comes after the engine has settled a packet is not taken for one of the next.
func TestUDPLateRefusal(t *testing.T) {
	t.Parallel()
	var packets atomic.Int64
	conn := newFakeConn(func([]byte) error { packets.Add(1); return nil })
	refusals := make(chan error)
	q := buildUDP(t, new(logBook), settings(), jaeger.Network{
		Lookup: addresses("192.0.2.1"),
		Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
			return &refusingConn{conn, refusals}, nil
		},
	})
	enqueue(q, 0, 1)
	flush(t, q) // waits until the packet counts as delivered
	refusals <- syscall.ECONNREFUSED
	refusals <- syscall.ECONNREFUSED // by now the first has been noted
	enqueue(q, 1, 2)
	flush(t, q)
	if s := q.Stats(); packets.Load() != 2 || s.Delivered != 2 || s.Retries != 0 {
		t.Errorf("%d packets, %+v, want 2 and no retry", packets.Load(), s)
	}
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
	t.Parallel()
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
			q := buildUDP(t, new(logBook), settings(), n)
			enqueue(q, 0, 1)
			flush(t, q)
			if delivered.Load() != 1 || q.Stats().Delivered != 1 {
				t.Errorf("%d packets at the second address, %+v", delivered.Load(), q.Stats())
			}
		})
	}
}

func TestUDPMessageSize(t *testing.T) { // U10
	t.Parallel()
	var (
		mu   sync.Mutex
		sent []int
		ids  = map[string]bool{}
	)
	var log logBook
	q := buildUDP(t, &log, settings(), jaeger.Network{
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
	hints := 0
	for _, line := range log.lines() {
		if strings.Contains(line, "net.inet.udp.maxdgram") {
			hints++
		}
	}
	if hints != 1 {
		t.Errorf("%d log lines with the hint, want 1:\n%s", hints, strings.Join(log.lines(), "\n"))
	}
}

func TestUDPManyGoroutines(t *testing.T) { // U11
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	q := open(t, common(new(logBook)), section(a))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				r := newRandom(uint64(g*100 + i))
				if err := q.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{r.span(nil), numbered(g*100 + i).Snapshot()}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	flush(t, q)
	s := q.Stats()
	if s.Ended != 400 || s.Delivered+s.DroppedTotal() != 400 {
		t.Errorf("accounts: %+v", s)
	}
	eventually(t, "all datagrams", func() bool { return len(a.spans(t)) == int(s.Delivered) })
}

func TestUDPShutdownWhileEmitting(t *testing.T) { // U12
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	q := open(t, common(new(logBook)), section(a, "max_bytes_per_second", 20000)) // slow
	enqueue(q, 0, 2000)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := q.Shutdown(ctx); err == nil {
		t.Error("Shutdown with spans left: nil, want an error")
	}
	if took := time.Since(began); took > 300*time.Millisecond {
		t.Errorf("Shutdown took %s, its context 100 ms", took)
	}
	if err := q.Shutdown(context.Background()); err != nil {
		t.Errorf("second Shutdown: %v, want nil", err)
	}
	if err := q.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{base().Snapshot()}); !errors.Is(err, delivery.ErrShutdown) {
		t.Errorf("ExportSpans after it: %v, want ErrShutdown", err)
	}
	s := q.Stats()
	if s.Ended != 2001 || s.Dropped[delivery.DropShutdown] == 0 {
		t.Errorf("accounts: %+v", s)
	}
}

func TestUDPPacing(t *testing.T) { // rule 4
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	q := open(t, common(new(logBook)), section(a, "max_bytes_per_second", 400_000))
	began := time.Now()
	enqueue(q, 0, 1000)
	flush(t, q)
	took := time.Since(began)
	eventually(t, "all spans", func() bool { return len(a.spans(t)) == 1000 })
	bytes := 0
	for _, p := range a.packets {
		bytes += len(p)
	}
	least := time.Duration(bytes-(32<<10)-8000) * time.Second / 400_000
	if took < least {
		t.Errorf("%d bytes in %s, want at least %s", bytes, took, least)
	}
}

func TestUDPTenThousandSpans(t *testing.T) { // U3, against a socket that reads as fast as it can
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	q := open(t, common(new(logBook)), section(a))
	enqueue(q, 0, 10000)
	flush(t, q)
	eventually(t, "10000 spans", func() bool { return len(a.spans(t)) == 10000 })
}

func TestUDPClientStats(t *testing.T) { // U6, as far as the datagram goes
	t.Parallel()
	for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
		t.Run(protocol, func(t *testing.T) {
			a := startAgent(t, "127.0.0.1:0", protocol == jaeger.ProtocolUDPBinary)
			keys := section(a, "client_stats", true, "oversize", "drop")
			keys["protocol"] = protocol
			q := open(t, common(new(logBook)), keys)
			for i := range 2 {
				enqueue(q, i, i+1)
				flush(t, q)
			}
			q.Enqueue(numbered(7, func(s *tracetest.SpanStub) { s.Name = strings.Repeat("n", 9000) }).Snapshot())
			flush(t, q)
			enqueue(q, 3, 4)
			flush(t, q)
			eventually(t, "three datagrams", func() bool { return len(a.received()) == 3 })
			got := a.received()
			uuid := got[0].Tags
			if len(uuid) != 1 || uuid[0].Key != "client-uuid" || len(uuid[0].Value.(string)) != 36 {
				t.Fatalf("process tags %v, want a client-uuid", uuid)
			}
			for i, b := range got {
				if b.SeqNo != int64(i+1) || b.Stats == nil || fmt.Sprint(b.Tags) != fmt.Sprint(uuid) {
					t.Errorf("datagram %d: seqNo %d, stats %v, tags %v", i, b.SeqNo, b.Stats, b.Tags)
				}
			}
			if s := got[2].Stats; s.TooLargeDroppedSpans != 1 || s.FullQueueDroppedSpans != 0 || s.FailedToEmitSpans != 0 {
				t.Errorf("stats %v, want one span too large", s)
			}
		})
	}
}
