package delivery_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func retryTimes(n int, out delivery.Outcome) func(context.Context, int, packet) delivery.Outcome {
	return func(_ context.Context, attempt int, _ packet) delivery.Outcome {
		if attempt <= n {
			return out
		}
		return delivery.Outcome{}
	}
}

// The time of the second attempt, by what the receiver requests and by the bounds.
func TestRetryAfter(t *testing.T) {
	const second = time.Second
	rows := map[string]struct {
		after           time.Duration
		retry           delivery.RetryOptions
		atLeast, atMost time.Duration
	}{
		"2 s":                          {2 * second, delivery.RetryOptions{}, 2 * second, 3 * second},
		"none":                         {0, delivery.RetryOptions{}, 0, second / 2},
		"negative":                     {-second, delivery.RetryOptions{}, 0, second / 2},
		"1 ns is no reason to hurry":   {1, delivery.RetryOptions{}, 1, second / 2},
		"an hour counts as 5 min":      {time.Hour, delivery.RetryOptions{MaxElapsed: -1}, 300 * second, 301 * second},
		"an hour, no limit":            {time.Hour, delivery.RetryOptions{MaxElapsed: -1, MaxRetryAfter: -1}, 3600 * second, 3601 * second},
		"long first backoff":           {2 * second, delivery.RetryOptions{Initial: 20 * second}, 2 * second, 3 * second},
		"negative bounds do not panic": {0, delivery.RetryOptions{Initial: -1, Max: -1}, 0, 30 * second},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &sender{answer: retryTimes(1, delivery.Outcome{Verdict: delivery.Retry, RetryAfter: row.after})}
				o := options(&record{})
				o.Retry = row.retry
				x := delivery.New(encoder{each: 1}, s, o)
				enqueue(x, spans(10))
				time.Sleep(2 * time.Hour)
				finish(t, x)
				at := s.attempts(start)
				if len(at) != 2 {
					t.Fatalf("%d attempts, want 2", len(at))
				}
				if wait := at[1] - at[0]; wait < row.atLeast || wait > row.atMost {
					t.Errorf("second attempt after %v, want %v to %v", wait, row.atLeast, row.atMost)
				}
			})
		})
	}
}

// The bound of the wait doubles up to Max, and the waits are spread below it.
func TestBackoffGrowsWithFullJitter(t *testing.T) {
	bounds := []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}
	longest := make([]time.Duration, len(bounds))
	shortest := slices.Repeat([]time.Duration{time.Hour}, len(bounds))
	for range 60 {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			s := &sender{answer: retryTimes(len(bounds), delivery.Outcome{Verdict: delivery.Retry})}
			x := delivery.New(encoder{each: 1}, s, options(&record{}))
			enqueue(x, spans(10))
			time.Sleep(4 * time.Minute)
			finish(t, x)
			at := s.attempts(start)
			for i := range bounds {
				wait := at[i+1] - at[i]
				longest[i], shortest[i] = max(longest[i], wait), min(shortest[i], wait)
			}
		})
	}
	for i, b := range bounds {
		b *= time.Millisecond
		if longest[i] > b || longest[i] < b/2 || shortest[i] > b/2 {
			t.Errorf("wait %d was %v to %v in 60 runs, want random below %v", i+1, shortest[i], longest[i], b)
		}
	}
}

// The backoff is the destination's: one of its senders probes, the others follow.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := make(chan struct{}, 8), 0
		s := &sender{}
		s.answer = func(_ context.Context, n int, _ packet) delivery.Outcome {
			running <- struct{}{}
			defer func() { <-running }()
			if n > 4 && n <= 13 { // the 13th is well, and the others follow it
				most = max(most, len(running)) // by one probe at a time, so without a lock
			}
			time.Sleep(time.Second)
			if n > 12 {
				return delivery.Outcome{}
			}
			return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("down")}
		}
		o := options(&record{})
		o.Senders, o.Retry.MaxElapsed = 4, -1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(40))
		time.Sleep(10 * time.Minute)
		finish(t, x)
		if most != 1 {
			t.Errorf("%d attempts at once after the first failures, want 1", most)
		}
		if got := x.Stats(); got.Delivered != 40 {
			t.Errorf("delivered %d, want 40", got.Delivered)
		}
	})
}

// A payload the receiver always fails on does not keep the others from being delivered: those of other senders, and those of
// its own. In the end the one span that causes the failure is dropped.
func TestPoisonDoesNotStarveItsNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
			if p.names[0] == "s0" {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("500")}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(&record{}))
		enqueue(x, spans(1000))
		time.Sleep(2 * time.Minute)
		if got := balanced(t, x); got.Delivered != 999 || got.Queued != 1 {
			t.Errorf("delivered %d, queued %d after 2 min, want 999 and 1", got.Delivered, got.Queued)
		}
		time.Sleep(4 * time.Minute)
		if got := finish(t, x); got.Dropped["rejected"] != 1 {
			t.Errorf("dropped %v, want rejected 1", got.Dropped)
		}
	})
}

// A payload expires MaxElapsed after its own first attempt, not a moment earlier, and spans
// that waited behind it have lost none of their time.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: down}
		o := options(&record{})
		o.Senders, o.Retry.Initial, o.Retry.Max = 1, time.Nanosecond, time.Nanosecond
		s.answer = func(context.Context, int, packet) delivery.Outcome {
			time.Sleep(4*time.Minute + 30*time.Second)
			return errDown
		}
		o.Timeout = -1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(20)) // two batches, tried one after the other
		time.Sleep(5*time.Minute - time.Millisecond)
		if got := balanced(t, x); got.Queued != 20 {
			t.Errorf("queued %d just before the end, want 20", got.Queued)
		}
		time.Sleep(4*time.Minute + 2*time.Millisecond) // the second attempt ends at 9 min
		if got := balanced(t, x); got.Queued != 10 || got.Dropped["expired"] != 10 {
			t.Errorf("queued %d, dropped %v after the second attempt, want 10 and expired 10", got.Queued, got.Dropped)
		}
		time.Sleep(9*time.Minute - time.Second)
		if got := balanced(t, x); got.Queued != 10 {
			t.Errorf("queued %d before the second payload's second attempt ends, want 10", got.Queued)
		}
		time.Sleep(2 * time.Second)
		if got := finish(t, x); got.Dropped["expired"] != 20 {
			t.Errorf("dropped %v, want expired 20", got.Dropped)
		}
	})
}

// The time of a payload starts again at the end of a wait that the receiver requested, also of payloads that were
// tried at the same time and were not answered.
func TestRetryAfterLosesNothing(t *testing.T) {
	asks := func(after time.Duration) delivery.Outcome {
		return delivery.Outcome{Verdict: delivery.Retry, RetryAfter: after, Err: errors.New("503")}
	}
	rows := map[string]struct {
		first, second delivery.Outcome // of the two senders
		then          delivery.Outcome // until well
		well          time.Duration
		delivered     uint64
		expired       uint64
	}{
		"as long as MaxElapsed":                    {asks(5 * time.Minute), asks(5 * time.Minute), errDown, 5 * time.Minute, 20, 0},
		"longer than MaxRetryAfter":                {asks(time.Hour), asks(time.Hour), errDown, 5 * time.Minute, 20, 0},
		"one is asked, the other not answered":     {asks(5 * time.Minute), errDown, errDown, 5 * time.Minute, 20, 0},
		"down for a while after it":                {asks(5 * time.Minute), asks(5 * time.Minute), errDown, 9 * time.Minute, 20, 0},
		"asked again and again":                    {asks(time.Minute), asks(time.Minute), asks(time.Minute), time.Hour, 20, 0},
		"down for longer than MaxElapsed after it": {asks(5 * time.Minute), asks(5 * time.Minute), errDown, 11 * time.Minute, 0, 20},
		"down for longer than MaxElapsed":          {errDown, errDown, errDown, 6 * time.Minute, 0, 20},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
					switch {
					case n == 1:
						time.Sleep(time.Millisecond) // both senders try before either is answered
						return row.first
					case n == 2:
						return row.second
					case time.Since(start) < row.well:
						return row.then
					}
					return delivery.Outcome{}
				}}
				x := delivery.New(encoder{each: 1}, s, options(&record{}))
				enqueue(x, spans(20))
				time.Sleep(2 * time.Hour)
				if got := finish(t, x); got.Delivered != row.delivered || got.Dropped["expired"] != row.expired {
					t.Errorf("delivered %d, dropped %v, want %d and expired %d", got.Delivered, got.Dropped, row.delivered, row.expired)
				}
			})
		})
	}
}

func TestNegativeMaxElapsedNeverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(start) < 24*time.Hour {
				return delivery.Outcome{Verdict: delivery.Retry}
			}
			return delivery.Outcome{}
		}}
		o := options(&record{})
		o.Retry.MaxElapsed = -1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(10))
		time.Sleep(25 * time.Hour)
		if got := finish(t, x); got.Delivered != 10 {
			t.Errorf("delivered %d, want 10", got.Delivered)
		}
	})
}

// Misconfigured: from the first failure on at most one attempt per 30 s.
func TestMisconfiguredIsTriedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return delivery.Outcome{Verdict: delivery.Misconfigured, Err: errors.New("x509")}
		}}
		o := options(&record{})
		o.Retry.MaxElapsed = -1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(10))
		time.Sleep(5*time.Minute - time.Second)
		at := s.attempts(start)
		for i := 1; i < len(at); i++ {
			if wait := at[i] - at[i-1]; wait != 30*time.Second {
				t.Errorf("attempt %d after %v, want 30s", i+1, wait)
			}
		}
		if len(at) != 10 {
			t.Errorf("%d attempts in 5 min, want 10", len(at))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(ctx)
		balanced(t, x)
	})
}

// Whatever keeps the receiver from responding at first, the queued spans arrive.
func TestDeliveredOnceTheReceiverIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(start) < 3*time.Second {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("connection refused")}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(&record{}))
		enqueue(x, spans(100))
		time.Sleep(30 * time.Second)
		got := balanced(t, x)
		if got.Delivered != 100 || !got.Since.IsZero() || got.LastError != "connection refused" {
			t.Errorf("stats = %+v, want 100 delivered, no outage, the last error kept", got)
		}
		finish(t, x)
	})
}
