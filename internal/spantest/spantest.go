// Package spantest checks spans in the tests of mw and grpcmw: a [Recorder] keeps every span and
// checks the invariants of HTTP and RPC spans, [Golden] compares the text of spans with testdata, and a [Keeper] measures
// the memory that spans keep alive. Only tests may import it, because it imports the SDK.
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

// maxWait is the maximum time to wait for a span.
const maxWait = 10 * time.Second

// A Recorder is a tracer provider whose spans are kept in memory. [Recorder.Tracing] is the
// argument of mw.With and grpcmw.With. At the end of its test it checks the invariants of every span, and that
// every started span was ended exactly once. It is safe for concurrent use.
//
// How it works. A span processor on the provider notes each span as open at its start and moves it to ended at its end.
// Waiting methods block on moved, which every end of a span closes, so that no test polls or sleeps; maxWait ends a
// test that waits in vain. Spans are looked up by their ID, which makes a second end of the same span visible.
type Recorder struct {
	trace.TracerProvider

	// Live holds the current policy. Store one to exclude requests.
	Live policy.Live
	// ReadsAttributes sets attributes at the start of a span, as for a sampler that reads them. False, as with the
	// samplers of spanroute, defers them to its end.
	ReadsAttributes bool
	// Propagation is the result of Propagator, by default W3C trace context and baggage.
	Propagation propagation.TextMapPropagator

	allowed []attribute.Key
	left    int

	mu    sync.Mutex
	moved chan struct{} // closed and replaced when a span ends
	open  map[trace.SpanID]string
	ended []Span
}

// NewRecorder returns a Recorder. It samples everything but the children of unsampled parents, unless another sampler is
// given. [EachProvider] selects the kind of the provider.
func NewRecorder(t testing.TB, sampler ...sdktrace.Sampler) *Recorder {
	t.Helper()
	r := &Recorder{
		Propagation: current.propagator,
		moved:       make(chan struct{}),
		open:        make(map[trace.SpanID]string),
	}
	sampler = append(sampler, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	r.TracerProvider = current.open(sampler[0], (*processor)(r))
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return // the first failure is more specific
		}
		r.Check(t)
	})
	return r
}

// Allow adds keys of attributes that the test sets, so that they do not violate an invariant.
func (r *Recorder) Allow(keys ...attribute.Key) { r.allowed = append(r.allowed, keys...) }

// LeavesOpen sets the number of spans that the test does not end.
func (r *Recorder) LeavesOpen(n int) { r.left = n }

// Tracing returns r as the argument of mw.With and grpcmw.With.
func (r *Recorder) Tracing() *Tracing { return &Tracing{r} }

// Tracing makes a [Recorder] an argument of mw.With and grpcmw.With. The provider in Recorder has no method
// TracerProvider.
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

// Exclude stores a policy with rules.
func (r *Recorder) Exclude(t testing.TB, rules policy.Rules) {
	t.Helper()
	p, err := policy.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	r.Live.Store(p)
}

// Spans returns the ended spans in the order of their end.
func (r *Recorder) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ended)
}

// Open returns the names of the spans that are not ended.
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

// Wait waits for n spans and returns them. It fails the test if there are more, or fewer after some seconds. A server
// ends its span after the client has the response, so tests with a real server must wait. More spans are a failure too:
// a request that has two spans would otherwise pass any test of one.
func (r *Recorder) Wait(t testing.TB, n int) []Span {
	t.Helper()
	deadline := time.NewTimer(maxWait)
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

// Settle waits until all spans are ended.
func (r *Recorder) Settle(t testing.TB) {
	t.Helper()
	deadline := time.NewTimer(maxWait)
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

// Reset discards the ended spans.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = nil
}

// names lists spans for messages.
func names(spans []Span) []string {
	list := make([]string, len(spans))
	for i, s := range spans {
		list[i] = s.SpanKind().String() + " " + s.Name()
	}
	return list
}

// processor is the Recorder as a span processor, so that these methods are not among its own.
type processor Recorder

// OnStart records the span as open.
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

// A Span is an ended span with access to its attributes by key.
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

// Text returns the value of key as text, "" without that attribute. Lists are JSON.
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

// Failed reports whether the status is Error, and error.type. The two belong together: an error without a type cannot
// be counted.
func (s Span) Failed() (errorType string, failed bool) {
	return s.Text("error.type"), s.Status().Code == codes.Error
}
