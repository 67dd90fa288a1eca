package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// An attempt that began before an outage and fails after its end begins another one: it is
// followed by a backoff, and the next success ends it.
func TestFailureThatOutlivesTheOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, log := time.Now(), &record{}
		s := &sender{answer: func(_ context.Context, n int, p packet) delivery.Outcome {
			switch n {
			case 1:
				time.Sleep(10 * time.Second)
				return delivery.Outcome{Verdict: delivery.Misconfigured, Err: errors.New("hung")}
			case 2:
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("busy")}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(log))
		enqueue(x, spans(20))
		time.Sleep(20 * time.Second)
		if got := balanced(t, x); got.Delivered != 10 || got.Queued != 10 || got.Since.Sub(start) != 10*time.Second {
			t.Errorf("stats after the late failure = %+v, want 10 waiting in an outage that began after 10s", got)
		}
		time.Sleep(5 * time.Minute)
		if got := balanced(t, x); got.Delivered != 20 || !got.Since.IsZero() {
			t.Errorf("stats = %+v, want all delivered and no outage", got)
		}
		if at := s.attempts(start); len(at) != 4 || at[3] != 40*time.Second {
			t.Errorf("attempts at %v, want the fourth 30 s after the late failure", at)
		}
		if warned, informed := log.with("not delivering"), log.with("delivery recovered"); warned != informed {
			t.Errorf("%d outages and %d ends are told:\n%s", warned, informed, strings.Join(log.all(), "\n"))
		}
		finish(t, x)
	})
}

// The line at the end of an outage contains the drops of that outage only.
func TestOutagesAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, log := time.Now(), &record{}
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(start)%(5*time.Minute) < 90*time.Second {
				return errDown
			}
			return delivery.Outcome{}
		}}
		o := options(log)
		o.Senders, o.QueueBytes = 1, 20*514 // "xx" costs 514
		x := delivery.New(encoder{each: 1}, s, o)
		for _, tooMany := range []int{5, 2} {
			fill := func(n int) {
				for range n {
					x.Enqueue(span("xx"))
				}
			}
			fill(20)
			time.Sleep(70 * time.Second) // the minute's line is out
			fill(tooMany)
			time.Sleep(230 * time.Second)
		}
		got := finish(t, x)
		var retries, part uint64
		for _, l := range log.all() {
			if _, text, ok := strings.Cut(l, "retries="); ok {
				_, _ = fmt.Sscan(text, &part)
				retries += part
			}
		}
		if retries+2 != got.Retries { // each outage ends with another payload than the one that is tried again then
			t.Errorf("lines contain %d retries, want all but 2 of %d", retries, got.Retries)
		}
		if log.with("delivery recovered", "dropped=[queue_full=5]") != 1 || log.with("delivery recovered", "dropped=[queue_full=2]") != 1 || log.with("dropping spans") != 0 {
			t.Errorf("want an end with 5 and one with 2 spans dropped, and no line of drops besides:\n%s", strings.Join(log.all(), "\n"))
		}
	})
}

// The longest duration there is must not overflow the random wait.
func TestLongestBackoffThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(&record{})
		o.Retry = delivery.RetryOptions{Initial: math.MaxInt64, Max: math.MaxInt64, MaxElapsed: -1}
		x := delivery.New(encoder{each: 1}, &sender{answer: down}, o)
		enqueue(x, spans(10))
		time.Sleep(time.Second)
		if got := balanced(t, x); got.Queued != 10 {
			t.Errorf("queued %d, want 10", got.Queued)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(ctx)
		balanced(t, x)
	})
}
