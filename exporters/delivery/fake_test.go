package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
)

var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// span makes a snapshot; equal names make equal ids.
func span(name string, attrs ...attribute.KeyValue) sdktrace.ReadOnlySpan {
	var id trace.SpanID
	copy(id[:], fmt.Sprintf("%8s", name))
	return tracetest.SpanStub{
		Name: name, Attributes: attrs,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: id, TraceFlags: trace.FlagsSampled,
		}),
	}.Snapshot()
}

func spans(n int) []sdktrace.ReadOnlySpan {
	list := make([]sdktrace.ReadOnlySpan, n)
	for i := range list {
		list[i] = span(fmt.Sprintf("s%d", i))
	}
	return list
}

// packet is a payload of names; every span has the encoder's size.
type packet struct {
	names []string
	size  int
}

func (p packet) Spans() int { return len(p.names) }
func (p packet) Size() int  { return p.size }

// encoder packs spans of `each` bytes into packets of at most `most` bytes.
type encoder struct {
	each, most int
	panicOn    string // name of a span to panic on
	panicAll   int    // panic on batches of this many spans
	drop       map[string]delivery.Reason
	repair     map[string]delivery.Repair
	note       string // left for the log with every drop
	noReason   bool   // drop without saying why
	forget     string // name of a span that is in no payload and in no report
}

func (e encoder) Encode(list []sdktrace.ReadOnlySpan, r *delivery.Report) []packet {
	most := e.most
	if l := r.Limit(); l > 0 && (most == 0 || l < most) {
		most = l
	}
	if e.panicAll == len(list) {
		panic("batch")
	}
	var out []packet
	for _, s := range list {
		name := s.Name()
		if kind := e.repair[name]; kind != "" {
			r.Repair(s, kind)
			r.Repair(s, kind) // counts once
		}
		if name == e.panicOn {
			panic("secret content of a span")
		}
		if name == e.forget {
			continue
		}
		if reason := e.drop[name]; reason != "" {
			if e.noReason {
				reason = ""
			}
			r.Drop(s, reason)
			r.Note(e.note)
			continue
		}
		if n := len(out); n == 0 || (most > 0 && out[n-1].size+e.each > most) {
			out = append(out, packet{})
		}
		p := &out[len(out)-1]
		p.names, p.size = append(p.names, name), p.size+e.each
	}
	return out
}

// Describe names the first span.
func (e encoder) Describe(p packet) string { return "span " + p.names[0] }

func (e encoder) Split(p packet) (a, b packet, ok bool) {
	n := len(p.names) / 2
	if n == 0 {
		return p, p, false
	}
	return packet{p.names[:n], n * e.each}, packet{p.names[n:], (len(p.names) - n) * e.each}, true
}

// sender answers with a function of the number of the attempt, from 1.
type sender struct {
	answer func(ctx context.Context, attempt int, p packet) delivery.Outcome

	mu      sync.Mutex
	sent    []packet
	times   []time.Time
	closed  int
	arrived []string // names in packets answered with Delivered
}

func (s *sender) Send(ctx context.Context, p packet) delivery.Outcome {
	s.mu.Lock()
	s.sent, s.times = append(s.sent, p), append(s.times, time.Now())
	n := len(s.sent)
	s.mu.Unlock()
	out := delivery.Outcome{}
	if s.answer != nil {
		out = s.answer(ctx, n, p)
	}
	if out.Verdict == delivery.Delivered {
		s.mu.Lock()
		s.arrived = append(s.arrived, p.names...)
		s.mu.Unlock()
	}
	return out
}

func (s *sender) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// attempts is when attempts were made, since a point in time.
func (s *sender) attempts(since time.Time) (list []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.times {
		list = append(list, t.Sub(since))
	}
	return list
}

func (s *sender) sizes() (list []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.sent {
		list = append(list, p.Spans())
	}
	return list
}

// record is a slog handler that keeps lines as text.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (*record) Enabled(context.Context, slog.Level) bool { return true }
func (r *record) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *record) WithGroup(string) slog.Handler          { return r }
func (r *record) Handle(_ context.Context, l slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", l.Level, l.Message)
	l.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s", a)
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, b.String())
	return nil
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// with counts the lines that hold all parts.
func (r *record) with(parts ...string) int {
	n := 0
next:
	for _, l := range r.all() {
		for _, p := range parts {
			if !strings.Contains(l, p) {
				continue next
			}
		}
		n++
	}
	return n
}

// options are quick ones for tests: batches of 10 at once.
func options(log *record) delivery.Options {
	return delivery.Options{
		ID: "fake", Endpoint: "http://fake:1", BatchSize: 10, BatchDelay: time.Millisecond,
		Logger: slog.New(log),
	}
}

// balanced checks that every span is delivered, dropped, queued or spooled.
func balanced(t *testing.T, q delivery.Destination) delivery.Stats {
	t.Helper()
	s := q.Stats()
	balance(t, s)
	return s
}

// finish shuts q down within a minute and checks that nothing was left.
func finish(t *testing.T, q delivery.Destination) delivery.Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := q.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	s := balanced(t, q)
	if s.Queued != 0 {
		t.Errorf("queued %d after Shutdown, want 0", s.Queued)
	}
	return s
}

func enqueue(q delivery.Destination, list []sdktrace.ReadOnlySpan) {
	for _, s := range list {
		q.Enqueue(s)
	}
}
