package spantest

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/mw/tracing"
)

// A Keeper is an argument of mw.With and grpcmw.With that samples everything and holds its spans in memory, as a queue
// with a slow receiver does, and measures the memory that they keep alive. It is safe for concurrent use.
type Keeper struct {
	// ReadsAttributes sets attributes at the start of a span, as for a sampler that reads them.
	ReadsAttributes bool
	// MinRatio is the least ratio of retained to charged bytes that WantCharged accepts; 0 means 0.7. Spans with few
	// texts of their own need less, because keys and scope are constants and are charged too.
	MinRatio float64

	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator

	mu    sync.Mutex
	grown *sync.Cond
	spans []sdktrace.ReadOnlySpan
}

// NewKeeper returns a Keeper without spans.
func NewKeeper() *Keeper {
	k := &Keeper{propagator: current.propagator}
	k.grown = sync.NewCond(&k.mu)
	k.provider = current.open(sdktrace.AlwaysSample(), (*keeping)(k))
	return k
}

// TextSizes are the lengths of the text that a row of a test with [Keeper.WantCharged] varies. A span keeps the first
// two whole, the third whole or cut, and at most a small part of the last.
var TextSizes = []int{10, 400, 3000, 128 << 10}

// WantCharged reports an error unless the spans that makeSpan makes, one with each call, keep alive about as many bytes
// as the queue of an exporter charges for them. size is the length of their text. No other test may run meanwhile.
//
// On a busy machine, goroutines that end late free memory during a measurement. A span that keeps too much keeps it in
// each measurement, so only the last of several counts as a fault.
func (k *Keeper) WantCharged(t testing.TB, size int, makeSpan func()) {
	t.Helper()
	n := 100 // makes what other tests leave behind insignificant
	if size > 64<<10 {
		n = 20 // a span that keeps such a text alive exceeds its charge many times
	}
	for attempts := 5; ; attempts-- {
		alive, charged := k.Alive(t, n, makeSpan)
		ratio := float64(alive) / float64(charged)
		low := cmp.Or(k.MinRatio, 0.7)
		if low <= ratio && ratio <= 1.3 {
			return
		}
		if attempts == 1 {
			t.Errorf("size %d: a span keeps %d bytes alive and is charged %d: ratio %.2f, want %g to 1.3", size, alive/int64(n), charged/int64(n), ratio, low)
			return
		}
	}
}

// Alive discards the spans so far, calls makeSpan n times, waits for the n spans, and returns the bytes of the heap that
// they keep alive and the bytes that a queue charges for them. The former is what their removal frees, so that it does not
// matter what else is allocated or released before. No other test may run meanwhile.
func (k *Keeper) Alive(t testing.TB, n int, makeSpan func()) (alive, charged int64) {
	t.Helper()
	k.reset(n)
	for range n {
		makeSpan()
	}
	k.settle(n)
	charged = k.charged()
	kept := heap()
	if got := k.reset(0); got != n {
		t.Errorf("%d spans, want %d", got, n)
	}
	alive = kept - heap()
	runtime.KeepAlive(makeSpan) // the first measurement includes what makeSpan refers to
	return alive, charged
}

// charged returns the bytes that a queue charges for the spans.
func (k *Keeper) charged() (bytes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.spans {
		bytes += delivery.Cost(s)
	}
	return bytes
}

// reset discards all spans, makes room for n, and returns the number of the discarded ones.
func (k *Keeper) reset(n int) (discarded int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	discarded = len(k.spans)
	k.spans = make([]sdktrace.ReadOnlySpan, 0, n)
	return discarded
}

// settle waits for n spans.
func (k *Keeper) settle(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.spans) < n {
		k.grown.Wait()
	}
}

// heap returns the size of the live heap. It collects at least twice, because a sync.Pool drops its contents at the second
// collection, and again while finalizers and goroutines of earlier tests release memory.
func heap() int64 {
	size := collected()
	for range 30 {
		smaller := collected()
		if smaller > size-1<<10 {
			return smaller
		}
		size = smaller
	}
	return size
}

// collected returns the size of the heap after a collection.
func collected() int64 {
	runtime.GC()
	runtime.Gosched()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// TracerProvider returns the provider whose spans k keeps.
func (k *Keeper) TracerProvider() trace.TracerProvider { return k.provider }

// Propagator returns W3C trace context and baggage.
func (k *Keeper) Propagator() propagation.TextMapPropagator {
	return k.propagator
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
