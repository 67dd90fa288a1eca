package delivery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func TestForceFlushWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := delivery.New(encoder{each: 1}, &sender{answer: down}, options(&record{}))
		enqueue(x, spans(25))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := x.ForceFlush(ctx)
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("ForceFlush took %v, want 200ms", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "25 spans") {
			t.Errorf("ForceFlush = %v, want its context's error with 25 spans", err)
		}
		if got := balanced(t, x); got.Queued != 25 || got.DroppedTotal() != 0 {
			t.Errorf("stats = %+v, want 25 queued and nothing dropped", got)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(cancelled)
		balanced(t, x)
	})
}

// ForceFlush waits for the spans before it and not for those after it.
func TestForceFlushWaitsForWhatCameBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		s := &sender{answer: func(_ context.Context, n int, p packet) delivery.Outcome {
			if p.names[0] == "late" {
				<-hold
			} else {
				time.Sleep(time.Second)
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.BatchDelay, o.Senders = time.Hour, 1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(13))
		time.AfterFunc(500*time.Millisecond, func() {
			for range 20 {
				x.Enqueue(span("late"))
			}
		})
		start := time.Now()
		if err := x.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("ForceFlush took %v, want 2s: two batches, the second without the late spans", took)
		}
		if got := balanced(t, x); got.Delivered != 13 {
			t.Errorf("delivered %d, want 13", got.Delivered)
		}
		close(hold)
		finish(t, x)
	})
}

// ForceFlush ends a backoff wait once, but not one that the receiver requested.
func TestForceFlushAndBackoff(t *testing.T) {
	rows := map[string]struct {
		out             delivery.Outcome
		atLeast, atMost time.Duration
	}{
		"backoff":     {delivery.Outcome{Verdict: delivery.Misconfigured}, 0, 0},
		"Retry-After": {delivery.Outcome{Verdict: delivery.Retry, RetryAfter: 20 * time.Second}, 19 * time.Second, 20 * time.Second},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := delivery.New(encoder{each: 1}, &sender{answer: retryTimes(1, row.out)}, options(&record{}))
				enqueue(x, spans(10))
				time.Sleep(time.Second)
				start := time.Now()
				if err := x.ForceFlush(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took < row.atLeast || took > row.atMost {
					t.Errorf("ForceFlush took %v, want %v to %v", took, row.atLeast, row.atMost)
				}
				finish(t, x)
			})
		})
	}
}

func TestForceFlushOfNothingWithACancelledContext(t *testing.T) {
	t.Parallel()
	x := delivery.New(encoder{each: 1}, &sender{}, options(&record{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.ForceFlush(ctx); err != nil {
		t.Errorf("ForceFlush = %v, want nil", err)
	}
	finish(t, x)
}

func TestForceFlushWithoutDeadlineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := delivery.New(encoder{each: 1}, &sender{answer: down}, options(&record{}))
		enqueue(x, spans(10))
		start := time.Now()
		if err := x.ForceFlush(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("ForceFlush = %v after %v, want the deadline of 30s", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(ctx)
		balanced(t, x)
	})
}

// Flushes that follow one another add at most one attempt to each wait of the backoff.
func TestFrequentFlushesKeepTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return delivery.Outcome{Verdict: delivery.Misconfigured, Err: errors.New("x509")} // waits are 30 s, without jitter
		}}
		x := delivery.New(encoder{each: 1}, s, options(&record{}))
		enqueue(x, spans(10))
		for range 270 {
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_ = x.ForceFlush(ctx)
			cancel()
		}
		var early, regular int
		at := s.attempts(start)
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < 20*time.Second {
				early++
			} else {
				regular++
			}
		}
		if len(at) > 19 || regular < 4 {
			t.Errorf("%d attempts during 9 waits, at %v; want at most one early one in each", len(at), at)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(cancelled)
		balanced(t, x)
	})
}
