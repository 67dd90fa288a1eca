package jaeger_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
	"github.com/spanroute/spanroute/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maxWait bounds every wait for something that has to happen.
const maxWait = 10 * time.Second

// logBook keeps log lines.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for line := range bytes.Lines(l.buf.Bytes()) {
		out = append(out, string(bytes.TrimSpace(line)))
	}
	return out
}

// wait returns the log once it holds text; lines may be written after the accounts are settled.
func (l *logBook) wait(t *testing.T, text string) string {
	t.Helper()
	eventually(t, "a log line with "+text, func() bool { return strings.Contains(strings.Join(l.lines(), "\n"), text) })
	return strings.Join(l.lines(), "\n")
}

// fakeAgent is a socket that decodes what arrives.
type fakeAgent struct {
	conn   *net.UDPConn
	binary bool
	done   chan struct{}

	mu      sync.Mutex
	batches []batch
	packets [][]byte
	errs    []error
}

func startAgent(t *testing.T, addr string, binary bool) *fakeAgent {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadBuffer(4 << 20)
	a := &fakeAgent{conn: conn, binary: binary, done: make(chan struct{})}
	go a.run()
	t.Cleanup(a.stop)
	return a
}

func (a *fakeAgent) run() {
	defer close(a.done)
	buf := make([]byte, 65535)
	for {
		n, err := a.conn.Read(buf)
		if err != nil {
			return
		}
		a.note(buf[:n])
	}
}

// note keeps a datagram.
func (a *fakeAgent) note(packet []byte) {
	b, err := readPacket(packet, a.binary)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.errs = append(a.errs, err)
	}
	a.batches, a.packets = append(a.batches, b), append(a.packets, slices.Clone(packet))
}

// network leads every packet to a, without a socket.
func (a *fakeAgent) network() jaeger.Network {
	return jaeger.Network{
		Lookup: addresses("192.0.2.1"),
		Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
			return newFakeConn(func(p []byte) error { a.note(p); return nil }), nil
		},
	}
}

func (a *fakeAgent) stop() {
	_ = a.conn.Close()
	<-a.done
}

func (a *fakeAgent) port() int { return a.conn.LocalAddr().(*net.UDPAddr).Port }

// spans are the ids that have arrived.
func (a *fakeAgent) spans(t *testing.T) []string {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, err := range a.errs {
		t.Errorf("a datagram that does not decode: %v", err)
	}
	var ids []string
	for _, b := range a.batches {
		for _, s := range b.Spans {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (a *fakeAgent) received() []batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.batches)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(maxWait); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, maxWait)
		}
	}
}

// common is what root would hand over, impatient.
func common(log *logBook) registry.BuildContext {
	logger := slog.New(slog.NewTextHandler(log, nil))
	return registry.BuildContext{
		Source: func(string) string { return "built-in" },
		Delivery: delivery.Options{
			ID: "jaeger", BatchDelay: 5 * time.Millisecond, Timeout: 2 * time.Second, Logger: logger,
			Retry: delivery.RetryOptions{Initial: 20 * time.Millisecond},
		},
	}
}

// open builds an exporter through the registry; it is shut down with the test.
func open(t *testing.T, c registry.BuildContext, section map[string]any) delivery.Destination {
	t.Helper()
	var r registry.Registry
	if err := r.Register(jaeger.Factory); err != nil {
		t.Fatal(err)
	}
	opener, err := r.Prepare("jaeger", section)
	if err != nil {
		t.Fatal(err)
	}
	x, err := opener(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	q := x.(delivery.Destination)
	t.Cleanup(func() { shutdown(t, q) })
	return q
}

// shutdown ends an exporter and checks its accounts.
func shutdown(t *testing.T, q delivery.Destination) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	_ = q.Shutdown(ctx)
	s := q.Stats()
	if s.Ended != s.Delivered+s.DroppedTotal()+s.Queued || s.Queued != 0 {
		t.Errorf("accounts do not balance after Shutdown: %+v", s)
	}
}

func flush(t *testing.T, q delivery.Destination) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	if err := q.ForceFlush(ctx); err != nil {
		t.Fatalf("ForceFlush: %v, %+v", err, q.Stats())
	}
}

// numbered is the base span with an id of its own.
func numbered(i int, change ...func(*tracetest.SpanStub)) tracetest.SpanStub {
	s := base(change...)
	s.SpanContext = spanContext(baseTrace, trace.SpanID{0xfe, 4: byte(i >> 24), 5: byte(i >> 16), 6: byte(i >> 8), 7: byte(i)})
	return s
}

func enqueue(q delivery.Destination, from, to int) {
	for i := from; i < to; i++ {
		q.Enqueue(numbered(i).Snapshot())
	}
}

func section(agent *fakeAgent, keys ...any) map[string]any {
	thrift := map[string]any{"agent_host_name": "127.0.0.1", "agent_port": agent.port()}
	for i := 0; i < len(keys); i += 2 {
		thrift[keys[i].(string)] = keys[i+1]
	}
	return map[string]any{"thrift": thrift}
}

// quiet is the error log of servers that are meant to meet bad handshakes.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
