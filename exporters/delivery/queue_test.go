package delivery_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// The estimate of Cost, seen from outside: a queue of just the size takes the span, one
// that is a byte smaller calls it too large.
func TestCostOfASpan(t *testing.T) {
	kv := []attribute.KeyValue{attribute.String("key", "value")} // 64 + 3 + 5
	rows := map[string]struct {
		stub tracetest.SpanStub
		want int64
	}{
		"empty":       {tracetest.SpanStub{}, 512},
		"name":        {tracetest.SpanStub{Name: "abc"}, 515},
		"description": {tracetest.SpanStub{Status: sdktrace.Status{Description: "boom"}}, 516},
		"attribute":   {tracetest.SpanStub{Attributes: kv}, 584},
		"number":      {tracetest.SpanStub{Attributes: []attribute.KeyValue{attribute.Int("n", 1)}}, 577},
		"event":       {tracetest.SpanStub{Events: []sdktrace.Event{{Name: "ev", Attributes: kv}}}, 512 + 80 + 2 + 72},
		"link":        {tracetest.SpanStub{Links: []sdktrace.Link{{Attributes: kv}}}, 512 + 104 + 72},
		"strings": {tracetest.SpanStub{Attributes: []attribute.KeyValue{
			attribute.StringSlice("k", []string{"ab", "c"})}}, 512 + 65 + 2*20 + 3},
		"numbers": {tracetest.SpanStub{Attributes: []attribute.KeyValue{
			attribute.Int64Slice("k", []int64{1, 2}), attribute.Float64Slice("k", []float64{1}),
			attribute.BoolSlice("k", []bool{true})}}, 512 + 3*65 + 16 + 8 + 1},
		"bytes": {tracetest.SpanStub{Attributes: []attribute.KeyValue{
			{Key: "k", Value: attribute.ByteSliceValue(make([]byte, 100))}}}, 512 + 65 + 100},
		"map and slice": {tracetest.SpanStub{Attributes: []attribute.KeyValue{
			{Key: "k", Value: attribute.MapValue(kv...)},
			{Key: "k", Value: attribute.SliceValue(attribute.StringValue("abc"))}}}, 512 + 65 + 72 + 65 + 64 + 3},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int64{row.want - 1, row.want} {
				o := options(&record{})
				o.QueueBytes = size
				x := delivery.New(encoder{each: 1}, &sender{}, o)
				x.Enqueue(row.stub.Snapshot())
				got := finish(t, x)
				if large := got.Dropped["too_large"] == 1; large != (size < row.want) {
					t.Errorf("queue of %d bytes: dropped %v, want the estimate to be %d", size, got.Dropped, row.want)
				}
			}
		})
	}
}

// A burst is kept as far as it fits in bytes, in flight or waiting, and is dropped by the span.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			<-hold
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.QueueBytes = 5000 * 514 // "xx" costs 514
		x := delivery.New(encoder{each: 1}, s, o)
		for range 6000 {
			x.Enqueue(span("xx"))
		}
		synctest.Wait() // two batches are in flight now
		x.Enqueue(span("xx"))
		if got := balanced(t, x); got.Queued != 5000 || got.Dropped["queue_full"] != 1001 {
			t.Errorf("queued %d, dropped %v, want 5000 and queue_full 1001", got.Queued, got.Dropped)
		}
		close(hold)
		time.Sleep(time.Second)
		x.Enqueue(span("xx"))
		if got := finish(t, x); got.Delivered != 5001 {
			t.Errorf("delivered %d, want 5001: all bytes have to be free again", got.Delivered)
		}
	})
}

// MaxQueueSize bounds a queue in spans, in flight or waiting; zero and less do not, and batches are not larger.
func TestMaxQueueSize(t *testing.T) {
	for name, row := range map[string]struct {
		size, batch     int
		queued, largest int
	}{
		"not set":            {0, 10, 3000, 10},
		"negative":           {-1, 10, 3000, 10},
		"some":               {25, 10, 25, 10},
		"less than a batch":  {7, 10, 7, 7},
		"one":                {1, 10, 1, 1},
		"more than there is": {5000, 512, 3000, 512},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := make(chan struct{})
				s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
					<-hold
					return delivery.Outcome{}
				}}
				o := options(&record{})
				o.MaxQueueSize, o.BatchSize = row.size, row.batch
				x := delivery.New(encoder{each: 1}, s, o)
				enqueue(x, spans(3000))
				synctest.Wait()
				if got := balanced(t, x); got.Queued != uint64(row.queued) || got.Dropped["queue_full"] != uint64(3000-row.queued) {
					t.Errorf("queued %d, dropped %v, want %d queued and the rest queue_full", got.Queued, got.Dropped, row.queued)
				}
				if got := slices.Max(s.sizes()); got != row.largest {
					t.Errorf("the largest batch has %d spans, want %d", got, row.largest)
				}
				close(hold)
				finish(t, x)
			})
		})
	}
}

// The queue's bytes are released as payloads of a batch are settled, not with the batch.
func TestBytesAreFreedByThePayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n > 1 {
				<-hold
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.QueueBytes, o.Senders = 10*514, 1
		x := delivery.New(encoder{each: 1, most: 5}, s, o)
		for range 10 {
			x.Enqueue(span("xx"))
		}
		synctest.Wait()
		for range 10 {
			x.Enqueue(span("xx"))
		}
		if got := balanced(t, x); got.Delivered != 5 || got.Queued != 10 || got.Dropped["queue_full"] != 5 {
			t.Errorf("delivered %d, queued %d, dropped %v, want 5, 10, queue_full 5", got.Delivered, got.Queued, got.Dropped)
		}
		close(hold)
		finish(t, x)
	})
}

// When a sender takes a batch, and of what size.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		o := options(&record{})
		o.BatchDelay = 5 * time.Second
		x := delivery.New(encoder{each: 1}, s, o)
		start := time.Now()
		enqueue(x, spans(25)) // two full ones at once, the rest after 5 s
		time.Sleep(3 * time.Second)
		enqueue(x, spans(3)) // joins the rest
		time.Sleep(4 * time.Second)
		enqueue(x, spans(1)) // on ForceFlush
		if err := x.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
		enqueue(x, spans(2)) // on Shutdown
		finish(t, x)
		if diff := cmp.Diff([]int{10, 10, 8, 1, 2}, s.sizes()); diff != "" {
			t.Errorf("spans per attempt (-want +got):\n%s", diff)
		}
		want := []time.Duration{0, 0, 5 * time.Second, 7 * time.Second, 7 * time.Second}
		if diff := cmp.Diff(want, s.attempts(start)); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

// A sender that is busy does not keep the spans behind its batch from being taken in time.
func TestIdleSenderMindsTheOldestSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n == 1 {
				time.Sleep(9 * time.Second)
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.BatchDelay = 2 * time.Second
		x := delivery.New(encoder{each: 1}, s, o)
		start := time.Now()
		enqueue(x, spans(13))
		time.Sleep(20 * time.Second)
		finish(t, x)
		if diff := cmp.Diff([]time.Duration{0, 2 * time.Second}, s.attempts(start)); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

func TestOneSenderKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: retryTimes(3, delivery.Outcome{Verdict: delivery.Retry})}
		o := options(&record{})
		o.Senders = 1
		x := delivery.New(encoder{each: 1, most: 3}, s, o)
		list := spans(1000)
		enqueue(x, list)
		finish(t, x)
		for i, name := range s.arrived {
			if want := list[i].Name(); name != want {
				t.Fatalf("span %d is %s, want %s", i, name, want)
			}
		}
		if len(s.arrived) != 1000 {
			t.Errorf("%d spans, want 1000", len(s.arrived))
		}
	})
}

// What is encoded at once is bounded by the payload limit, so that few huge spans do not
// become many payloads in memory.
func TestHugeSpansMakeSmallBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		x := delivery.New(limited{encoder{each: 1, most: 1 << 20}, 1}, s, options(&record{}))
		big := span("big", attribute.String("k", strings.Repeat("x", 400<<10)))
		for range 10 {
			x.Enqueue(big)
		}
		if got := finish(t, x); got.Delivered != 10 {
			t.Errorf("delivered %d, want 10", got.Delivered)
		}
		if diff := cmp.Diff([]int{2, 2, 2, 2, 2}, s.sizes()); diff != "" {
			t.Errorf("spans per attempt (-want +got):\n%s", diff)
		}
	})
}

// Eight goroutines enqueue, flush and read while the receiver has good and bad moments; the
// accounts hold at every instant. Meant for -race.
func TestConcurrentCallers(t *testing.T) {
	t.Parallel()
	s := &sender{answer: func(_ context.Context, n int, p packet) delivery.Outcome {
		switch n % 7 {
		case 1:
			return delivery.Outcome{Verdict: delivery.Retry}
		case 2:
			return delivery.Outcome{Verdict: delivery.Rejected}
		case 3:
			return delivery.Outcome{Verdict: delivery.TooLarge}
		case 4:
			return delivery.Outcome{Rejected: 1}
		}
		return delivery.Outcome{}
	}}
	o := options(&record{})
	o.Retry.Initial, o.QueueBytes = time.Millisecond, 1<<20
	x := delivery.New(encoder{each: 100, most: 700}, s, o)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, one := range spans(1000) {
				x.Enqueue(one)
				if one.Name() == "s500" {
					_ = x.ForceFlush(t.Context())
				}
				if one.Name() == "s100" || one.Name() == "s900" {
					balanced(t, x)
				}
			}
			_ = x.ExportSpans(t.Context(), spans(10))
		})
	}
	group.Wait()
	if got := finish(t, x); got.Ended != 8080 {
		t.Errorf("ended %d, want 8080", got.Ended)
	}
}

func TestNilSpanIsNothing(t *testing.T) {
	t.Parallel()
	x := delivery.New(encoder{each: 1}, &sender{}, options(&record{}))
	x.Enqueue(nil)
	if err := x.ExportSpans(t.Context(), nil); err != nil {
		t.Errorf("empty export = %v, want nil", err)
	}
	if got := finish(t, x); got.Ended != 0 {
		t.Errorf("ended %d, want 0", got.Ended)
	}
}
