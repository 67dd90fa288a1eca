// Package spantest is what the tests of mw and grpcmw judge spans with: a [Recorder] on the OpenTelemetry SDK that
// keeps every span and knows which were not ended, the one checker of the invariants of HTTP and RPC spans, and
// golden text of spans for testdata. Only tests may import it, because it imports the SDK.
package spantest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/mw/tracing"
)

// patience bounds every wait for a span that should end soon.
const patience = 10 * time.Second

// A Recorder is a tracer provider whose spans are kept in memory. [Recorder.Tracing] is what
// mw.With and grpcmw.With take. At the end of its test it checks the invariants of every span, and that
// every started span was ended exactly once. It is safe for concurrent use.
type Recorder struct {
	*sdktrace.TracerProvider

	// Live holds the policy in force: store one to exclude requests.
	Live policy.Live
	// ReadsAttributes sets attributes at the start of a span, as for a sampler that reads them. False, as with the
	// samplers of spanroute, defers them to its end.
	ReadsAttributes bool
	// Propagation is what Propagator returns: W3C trace context and baggage unless set.
	Propagation propagation.TextMapPropagator

	allowed []attribute.Key
	left    int

	mu    sync.Mutex
	moved chan struct{} // closed and replaced when a span ends
	open  map[trace.SpanID]string
	ended []Span
}

// NewRecorder returns a Recorder that samples everything unless opts say otherwise.
func NewRecorder(t testing.TB, opts ...sdktrace.TracerProviderOption) *Recorder {
	t.Helper()
	r := &Recorder{
		Propagation: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		moved:       make(chan struct{}),
		open:        make(map[trace.SpanID]string),
	}
	r.TracerProvider = sdktrace.NewTracerProvider(append(opts, sdktrace.WithSpanProcessor((*processor)(r)))...)
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return // the first failure says more
		}
		r.Check(t)
	})
	return r
}

// Allow names attributes the test itself asked for, which the invariants would not accept otherwise.
func (r *Recorder) Allow(keys ...attribute.Key) { r.allowed = append(r.allowed, keys...) }

// LeavesOpen says how many spans are rightly never ended in this test.
func (r *Recorder) LeavesOpen(n int) { r.left = n }

// Tracing returns r as what mw.With and grpcmw.With take.
func (r *Recorder) Tracing() *Tracing { return &Tracing{r} }

// Tracing is the view of a [Recorder] that mw.With and grpcmw.With take; the SDK's provider in Recorder has no
// method TracerProvider.
type Tracing struct{ r *Recorder }

// TracerProvider returns the recording provider.
func (t *Tracing) TracerProvider() trace.TracerProvider { return t.r.TracerProvider }

// Propagator returns the Recorder's Propagation.
func (t *Tracing) Propagator() propagation.TextMapPropagator { return t.r.Propagation }

// Instrumentation returns the policy in Live, and defers attributes unless ReadsAttributes is set.
func (t *Tracing) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{
		DeferAttributes: !t.r.ReadsAttributes,
		Policy:          func() tracing.Policy { return t.r.Live.Load() },
	}
}

// Exclude puts rules in force.
func (r *Recorder) Exclude(t testing.TB, rules policy.Rules) {
	t.Helper()
	p, err := policy.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	r.Live.Store(p)
}

// Spans returns the spans ended so far, in the order of their end.
func (r *Recorder) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ended)
}

// Open returns the names of the spans started and not ended.
func (r *Recorder) Open() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, name := range r.open {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Wait returns the spans as soon as there are n, and fails the test when there are not n in time or more than n.
// A server ends its span after the client has the response, so tests with a real server must wait.
func (r *Recorder) Wait(t testing.TB, n int) []Span {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		ended, moved := slices.Clone(r.ended), r.moved
		r.mu.Unlock()
		if len(ended) >= n {
			if len(ended) > n {
				t.Fatalf("%d spans, want %d: %v", len(ended), n, names(ended))
			}
			return ended
		}
		select {
		case <-moved:
		case <-deadline.C:
			t.Fatalf("%d spans, want %d: %v; still open: %v", len(ended), n, names(ended), r.Open())
		}
	}
}

// One waits for exactly one span and returns it.
func (r *Recorder) One(t testing.TB) Span {
	t.Helper()
	return r.Wait(t, 1)[0]
}

// Settle waits until no span is open.
func (r *Recorder) Settle(t testing.TB) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		open, moved := len(r.open), r.moved
		r.mu.Unlock()
		if open <= r.left {
			return
		}
		select {
		case <-moved:
		case <-deadline.C:
			t.Fatalf("spans never ended: %v", r.Open())
		}
	}
}

// Of returns the spans of kind, in the order of their end.
func Of(spans []Span, kind trace.SpanKind) []Span {
	return slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.SpanKind() != kind })
}

// Reset forgets the ended spans.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = nil
}

func names(spans []Span) []string {
	list := make([]string, len(spans))
	for i, s := range spans {
		list[i] = s.SpanKind().String() + " " + s.Name()
	}
	return list
}

// processor is the Recorder as a span processor, so that these methods are not among its own.
type processor Recorder

// OnStart notes that the span is open.
func (p *processor) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[s.SpanContext().SpanID()] = s.Name()
}

// OnEnd keeps the span.
func (p *processor) OnEnd(s sdktrace.ReadOnlySpan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, s.SpanContext().SpanID())
	p.ended = append(p.ended, Span{s})
	close(p.moved)
	p.moved = make(chan struct{})
}

// Shutdown does nothing; the spans stay.
func (*processor) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing; spans are kept as they end.
func (*processor) ForceFlush(context.Context) error { return nil }

// A Span is an ended span with attributes that can be asked for by key.
type Span struct{ sdktrace.ReadOnlySpan }

// Attr returns the value of key and whether the span has it.
func (s Span) Attr(key attribute.Key) (attribute.Value, bool) {
	for _, kv := range s.Attributes() {
		if kv.Key == key {
			return kv.Value, true
		}
	}
	return attribute.Value{}, false
}

// Text returns the value of key as text, "" if absent. Lists are JSON.
func (s Span) Text(key attribute.Key) string {
	v, ok := s.Attr(key)
	if !ok {
		return ""
	}
	return v.String()
}

// Has reports whether the span has key.
func (s Span) Has(key attribute.Key) bool {
	_, ok := s.Attr(key)
	return ok
}

// Map returns the attributes as text, for comparison with cmp.Diff.
func (s Span) Map() map[string]string {
	m := make(map[string]string, len(s.Attributes()))
	for _, kv := range s.Attributes() {
		m[string(kv.Key)] = kv.Value.String()
	}
	return m
}

// Failed reports whether the status is Error, and error.type.
func (s Span) Failed() (errorType string, failed bool) {
	return s.Text("error.type"), s.Status().Code == codes.Error
}
