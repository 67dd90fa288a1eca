package jaeger_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

func TestUDP(t *testing.T) {
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

func TestUDPOversize(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("\x01", 100), strings.Repeat("n", 100)} {
		t.Run(strconv.Quote(name[:1]), func(t *testing.T) {
			t.Parallel()
			a := startAgent(t, "127.0.0.1:0", false)
			var log logBook
			q := open(t, common(&log), section(a, "oversize", "drop"))
			q.Enqueue(numbered(1).Snapshot())
			q.Enqueue(numbered(2, func(s *tracetest.SpanStub) {
				s.Name = name
				s.Attributes = []attribute.KeyValue{attribute.String("k", strings.Repeat("s3cr3t", 12000))}
			}).Snapshot())
			q.Enqueue(numbered(3).Snapshot())
			flush(t, q)
			eventually(t, "two spans", func() bool { return len(a.spans(t)) == 2 })
			if n := q.Stats().Dropped[delivery.DropTooLarge]; n != 1 {
				t.Errorf("too_large %d, want 1", n)
			}
			line := log.wait(t, "span too large: trace="+baseTrace.String()+" span=fe00000000000002")
			if strings.Contains(line, "s3cr3t") || strings.Contains(line, strings.Repeat("n", 65)) || !strings.Contains(line, "limit=65000") {
				t.Errorf("log: %s", line)
			}
			if at := strings.Index(line, "span too large"); at >= 0 && len(line[at:]) >= 300 {
				t.Errorf("log line of %d bytes, want less than 300: %s", len(line[at:]), line)
			}
		})
	}
}

func TestUDPWholeBatch(t *testing.T) {
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
	log.wait(t, "udp_split_oversized_batches")
}

func TestUDPAgentComesBack(t *testing.T) {
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
	if hint, want := q.Stats().Hint, "no agent listens on "+addr+"; start it or change "; !strings.HasPrefix(hint, want) {
		t.Errorf("hint %q, want %q and the key", hint, want)
	}
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

func TestUDPUnknownHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := common(new(logBook)), jaeger.Defaults()
		c.Source = func(string) string { return "app.yaml:3:5" }
		s.Thrift.AgentHostName = "no-such.invalid"
		var lookups atomic.Int64
		q, err := jaeger.BuildUDP(c, s, jaeger.Network{Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			lookups.Add(1)
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if n := lookups.Load(); n != 0 {
			t.Errorf("%d lookups before the first span, want 0", n)
		}
		enqueue(q, 0, 5)
		eventually(t, "an error", func() bool { return q.Stats().LastError != "" })
		if hint := q.Stats().Hint; hint != `the host name "no-such.invalid" is unknown; check its spelling in jaeger.thrift.agent_host_name (app.yaml:3:5)` {
			t.Errorf("hint %q, want host, key and place", hint)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := q.Shutdown(ctx); err == nil {
			t.Error("Shutdown with spans left: nil, want an error")
		}
		if n := q.Stats().Dropped[delivery.DropShutdown]; n != 5 {
			t.Errorf("shutdown %d, want 5", n)
		}
	})
}

func TestUDPManyGoroutines(t *testing.T) {
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

func TestUDPShutdownWhileEmitting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := agentSettings(func(s *jaeger.Settings) { s.Thrift.MaxBytesPerSecond = 20000 })
		q := buildUDP(t, new(logBook), slow, new(fakeAgent).network())
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
	})
}

func TestUDPPacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pace = 50_000
		a := new(fakeAgent)
		q := buildUDP(t, new(logBook), agentSettings(func(s *jaeger.Settings) {
			s.Thrift.MaxBytesPerSecond, s.Thrift.MaxPacketSize = pace, 8000
		}), a.network())
		began := time.Now()
		enqueue(q, 0, 1000)
		flush(t, q)
		took := time.Since(began)
		if n := len(a.spans(t)); n != 1000 {
			t.Errorf("%d spans arrived, want 1000", n)
		}
		bytes := 0
		for _, p := range a.packets {
			bytes += len(p)
		}
		least := time.Duration(bytes-(32<<10)-8000) * time.Second / pace
		if took < least || least < 200*time.Millisecond {
			t.Errorf("%d bytes in %s, want at least %s", bytes, took, least)
		}
		if most := time.Duration(bytes)*time.Second/pace + time.Second; took > most {
			t.Errorf("%d bytes in %s, want at most %s", bytes, took, most)
		}
	})
}

func TestUDPTenThousandSpans(t *testing.T) {
	t.Parallel()
	a := startAgent(t, "127.0.0.1:0", false)
	q := open(t, common(new(logBook)), section(a))
	enqueue(q, 0, 10000)
	flush(t, q)
	eventually(t, "10000 spans", func() bool { return len(a.spans(t)) == 10000 })
}

func TestUDPClientStats(t *testing.T) {
	for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &fakeAgent{binary: protocol == jaeger.ProtocolUDPBinary}
				q := buildUDP(t, new(logBook), agentSettings(func(s *jaeger.Settings) {
					s.Protocol, s.Thrift.ClientStats, s.Thrift.Oversize = protocol, true, "drop"
				}), a.network())
				for i := range 2 {
					enqueue(q, i, i+1)
					flush(t, q)
				}
				q.Enqueue(numbered(7, func(s *tracetest.SpanStub) { s.Name = strings.Repeat("n", 70000) }).Snapshot())
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
		})
	}
}
