package delivery_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// foreign is an exporter that knows nothing of this package.
type foreign struct {
	export   func(ctx context.Context, call int) error
	shutdown error

	mu     sync.Mutex
	calls  []int
	closed int
}

func (f *foreign) ExportSpans(ctx context.Context, list []sdktrace.ReadOnlySpan) error {
	f.mu.Lock()
	f.calls = append(f.calls, len(list))
	n := len(f.calls)
	f.mu.Unlock()
	if f.export == nil {
		return nil
	}
	return f.export(ctx, n)
}

func (f *foreign) Shutdown(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return f.shutdown
}

func TestWrap(t *testing.T) {
	rows := map[string]struct {
		export func(context.Context, int) error
		want   delivery.Reason // drop reason of the first batch of ten; "" means delivered
	}{
		"nil is delivered":      {nil, ""},
		"an error is rejected":  {func(context.Context, int) error { return errors.New("disk full") }, "rejected"},
		"a panic is panic":      {func(context.Context, int) error { panic("oh") }, "panic"},
		"cut at export timeout": {func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, "rejected"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &foreign{export: row.export}
				x := delivery.Wrap(f, options(&record{}))
				start := time.Now()
				enqueue(x, spans(10))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := x.ForceFlush(ctx); err != nil {
					t.Errorf("ForceFlush = %v after %v", err, time.Since(start))
				}
				got := finish(t, x)
				if row.want == "" && got.Delivered != 10 || row.want != "" && got.Dropped[row.want] != 10 {
					t.Errorf("delivered %d, dropped %v, want %q", got.Delivered, got.Dropped, row.want)
				}
				if got.Retries != 0 || len(f.calls) != 1 || f.closed != 1 {
					t.Errorf("retries %d, calls %v, closed %d, want none, one and one", got.Retries, f.calls, f.closed)
				}
				if took := time.Since(start); name == "cut at export timeout" && took != 30*time.Second {
					t.Errorf("took %v, want 30s", took)
				}
			})
		})
	}
}

// A wrapped exporter has one worker, a bound of spans, and delays only itself.
func TestWrapIsBoundedBySpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		f := &foreign{export: func(context.Context, int) error { <-hold; return nil }}
		o := options(&record{})
		o.MaxQueueSize, o.BatchSize = 25, 512
		x := delivery.Wrap(f, o)
		enqueue(x, spans(1000))
		synctest.Wait()
		if got := balanced(t, x); got.Queued != 25 || got.Dropped["queue_full"] != 975 || len(f.calls) != 1 {
			t.Errorf("stats %+v, %d calls, want 25 queued and one call", got, len(f.calls))
		}
		close(hold)
		if got := finish(t, x); got.Delivered != 25 {
			t.Errorf("delivered %d, want 25", got.Delivered)
		}
	})
}

func TestWrapHasOneWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &foreign{export: func(context.Context, int) error { time.Sleep(time.Second); return nil }}
		o := options(&record{})
		o.Senders = 8
		x := delivery.Wrap(f, o)
		start := time.Now()
		enqueue(x, spans(30))
		if err := x.ForceFlush(t.Context()); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("ForceFlush = %v after %v, want three calls one after the other", err, time.Since(start))
		}
		finish(t, x)
	})
}

func TestWrapDefaultsTo2048Spans(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	x := delivery.Wrap(&foreign{export: func(context.Context, int) error { <-hold; return nil }}, options(&record{}))
	enqueue(x, spans(3000))
	if got := balanced(t, x); got.Queued != 2048 {
		t.Errorf("queued %d, want 2048", got.Queued)
	}
	close(hold)
	finish(t, x)
}

// A plugin that ignores its context is abandoned at the end of Shutdown's, and named.
func TestWrapAbandonsADeafExporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &foreign{export: func(context.Context, int) error { time.Sleep(time.Hour); return nil }}
		o := options(&record{})
		o.ID = "lines"
		x := delivery.Wrap(f, o)
		enqueue(x, spans(10))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := x.Shutdown(ctx)
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("Shutdown took %v, want at most 100 ms after its context", took)
		}
		if err == nil || !strings.Contains(err.Error(), `exporter "lines"`) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown = %v, want the context's error and the name", err)
		}
		if got := balanced(t, x); got.Dropped["shutdown"] != 10 {
			t.Errorf("dropped %v, want shutdown 10", got.Dropped)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestWrapHandsOnTheErrorOfShutdown(t *testing.T) {
	t.Parallel()
	failure := errors.New("disk full")
	x := delivery.Wrap(&foreign{shutdown: failure}, options(&record{}))
	if err := x.Shutdown(t.Context()); !errors.Is(err, failure) {
		t.Errorf("Shutdown = %v, want %v", err, failure)
	}
}

func TestWrapReturnsADestinationUnchanged(t *testing.T) {
	t.Parallel()
	x := delivery.New(encoder{each: 1}, &sender{}, options(&record{}))
	if got := delivery.Wrap(x, delivery.Options{}); got != delivery.Destination(x) {
		t.Errorf("Wrap of a Destination = %T, want itself", got)
	}
	finish(t, x)
}

// Two destinations share nothing: one that hangs changes nothing for the other.
func TestIsolation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := delivery.New(encoder{each: 1}, &sender{answer: deaf}, options(&record{}))
		good := delivery.New(encoder{each: 1}, &sender{}, options(&record{}))
		for _, s := range spans(1000) {
			bad.Enqueue(s)
			good.Enqueue(s)
		}
		synctest.Wait()
		if got := balanced(t, good); got.Delivered != 1000 {
			t.Errorf("the good one delivered %d, want 1000", got.Delivered)
		}
		finish(t, good)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = bad.Shutdown(ctx)
		balanced(t, bad)
		time.Sleep(2 * time.Hour)
	})
}
