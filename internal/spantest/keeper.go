package spantest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/mw/tracing"
)

// A Keeper is a tracing that samples everything and holds its spans in memory, as a queue with a slow receiver does.
// It measures the memory that they keep alive. It is what mw.With and grpcmw.With take, and safe for concurrent use.
type Keeper struct {
	// ReadsAttributes sets attributes at the start of a span, as for a sampler that reads them.
	ReadsAttributes bool
	// SpansPerCall is the number of spans that each call of Alive's function makes; 0 means 1.
	SpansPerCall int

	provider *sdktrace.TracerProvider
	mu       sync.Mutex
	grown    *sync.Cond
	spans    []sdktrace.ReadOnlySpan
}

// NewKeeper returns a Keeper without spans.
func NewKeeper() *Keeper {
	k := &Keeper{}
	k.grown = sync.NewCond(&k.mu)
	k.provider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithSpanProcessor((*keeping)(k)))
	return k
}

// Alive forgets the spans so far, calls makeSpan n times, waits for the spans and returns the bytes of the heap that
// they keep alive, and the spans. A call before those fills caches and pools; its spans are not counted, but each call
// must make as many. No other test may run meanwhile.
func (k *Keeper) Alive(t testing.TB, n int, makeSpan func()) (bytes int64, spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	k.reset(0)
	makeSpan()
	perCall := k.settle(k.spansPerCall())
	k.reset(n * perCall)
	before := heap()
	for range n {
		makeSpan()
	}
	k.settle(n * perCall)
	bytes = heap() - before
	runtime.KeepAlive(makeSpan) // what it refers to was there before
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes, slices.Clone(k.spans)
}

func (k *Keeper) spansPerCall() int { return max(k.SpansPerCall, 1) }

// reset forgets all spans and makes room for n.
func (k *Keeper) reset(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = make([]sdktrace.ReadOnlySpan, 0, n)
}

// settle waits for n spans and returns the number of spans that there are.
func (k *Keeper) settle(n int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.spans) < n {
		k.grown.Wait()
	}
	return len(k.spans)
}

// heap returns the live bytes. sync.Pool lets go of what it holds at the second collection.
func heap() int64 {
	for range 2 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TracerProvider returns the provider that keeps.
func (k *Keeper) TracerProvider() trace.TracerProvider { return k.provider }

// Propagator returns W3C trace context and baggage.
func (k *Keeper) Propagator() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

// Instrumentation has no policy, and defers attributes unless ReadsAttributes is set.
func (k *Keeper) Instrumentation() tracing.Instrumentation {
	return tracing.Instrumentation{DeferAttributes: !k.ReadsAttributes}
}

// keeping is the Keeper as a span processor, so that these methods are not among its own.
type keeping Keeper

// OnStart does nothing.
func (*keeping) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd keeps s.
func (k *keeping) OnEnd(s sdktrace.ReadOnlySpan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, s)
	k.grown.Broadcast()
}

// Shutdown does nothing.
func (*keeping) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (*keeping) ForceFlush(context.Context) error { return nil }
