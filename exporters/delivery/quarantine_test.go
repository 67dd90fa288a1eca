package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// poisoned fails on payloads with a span whose name is in the list, as a filter does that dislikes their content.
func poisoned(names ...string) func(context.Context, int, packet) delivery.Outcome {
	return func(_ context.Context, _ int, p packet) delivery.Outcome {
		time.Sleep(10 * time.Millisecond)
		if slices.ContainsFunc(p.names, func(name string) bool { return slices.Contains(names, name) }) {
			return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("503 blocked")}
		}
		return delivery.Outcome{}
	}
}

// Some spans on which the receiver always fails stop neither the others of their payload nor those of others, for any
// number of senders, and are dropped alone when their time is over.
func TestPoisonedSpansAreFoundAndDroppedAlone(t *testing.T) {
	const rate, seconds = 1000, 25 // spans a second
	for _, tt := range []struct{ poison, senders int }{{1, 1}, {1, 2}, {2, 2}, {20, 2}, {20, 1}} {
		t.Run(fmt.Sprintf("%d spans, %d senders", tt.poison, tt.senders), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names []string
				for i := range tt.poison {
					names = append(names, "s"+strconv.Itoa(500+i*rate*seconds/(tt.poison+1)))
				}
				s, log := &sender{answer: poisoned(names...)}, &record{}
				o := options(log)
				o.Senders, o.BatchSize, o.QueueBytes, o.BatchDelay = tt.senders, 512, 1<<30, time.Second
				x := delivery.New(encoder{each: 1}, s, o)
				for i := range rate * seconds {
					x.Enqueue(span("s" + strconv.Itoa(i)))
					if i%rate == rate-1 {
						time.Sleep(time.Second)
					}
				}
				time.Sleep(30 * time.Second)
				if got := balanced(t, x); got.Delivered < rate*seconds-20*uint64(tt.poison) {
					t.Errorf("delivered %d of %d soon after the last span", got.Delivered, rate*seconds)
				}
				time.Sleep(2 * time.Minute)
				if got := balanced(t, x); got.Delivered != rate*seconds-uint64(tt.poison) || got.Queued != uint64(tt.poison) {
					t.Errorf("delivered %d, queued %d, want all but %d", got.Delivered, got.Queued, tt.poison)
				}
				time.Sleep(10 * time.Minute)
				got := finish(t, x)
				if got.Dropped["rejected"] != uint64(tt.poison) || got.DroppedTotal() != uint64(tt.poison) {
					t.Errorf("dropped %v, want the %d spans as rejected", got.Dropped, tt.poison)
				}
				if log.with("dropping spans", "reason=rejected", "error=span ", " while others were accepted: 503 blocked", "hint=check what the receiver") != 1 {
					t.Errorf("log:\n%s", strings.Join(log.all(), "\n"))
				}
			})
		})
	}
}

// In an outage nothing is blamed: everything fails, and everything is delivered later.
func TestNothingIsBlamedInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(began) < 4*time.Minute {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("connection refused")}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(&record{}))
		enqueue(x, spans(5000))
		time.Sleep(5 * time.Minute)
		if got := finish(t, x); got.Delivered != 5000 {
			t.Errorf("delivered %d, dropped %v, want all 5000", got.Delivered, got.Dropped)
		}
		if n := len(s.sizes()); n > 700 { // 500 batches, and the attempts of the outage
			t.Errorf("%d attempts, want each batch once, whole", n)
		}
	})
}

// A receiver that is overloaded fails on any payload, again and again. None of its spans is lost.
func TestAnOverloadedReceiverLosesNothing(t *testing.T) {
	for _, share := range []float64{0.1, 0.5, 0.9} {
		for _, retryAfter := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(share, " of attempts fail, wait ", retryAfter), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(1, 2))
					s := &sender{}
					s.answer = func(context.Context, int, packet) delivery.Outcome {
						s.mu.Lock()
						fails := random.Float64() < share
						s.mu.Unlock()
						if fails {
							return delivery.Outcome{Verdict: delivery.Retry, RetryAfter: retryAfter, Err: errors.New("overloaded")}
						}
						return delivery.Outcome{}
					}
					o := options(&record{})
					o.Retry.MaxElapsed = time.Hour
					x := delivery.New(encoder{each: 1}, s, o)
					for i := range 300 {
						x.Enqueue(span("s" + strconv.Itoa(i)))
						time.Sleep(time.Second)
					}
					time.Sleep(2 * time.Hour)
					if got := finish(t, x); got.Delivered != 300 {
						t.Errorf("delivered %d, dropped %v, want all 300", got.Delivered, got.Dropped)
					}
				})
			})
		}
	}
}

// What is set aside is sent or dropped at the end, and a flush waits for it.
func TestShutdownWithPayloadsSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: poisoned("s5")}
		o := options(&record{})
		o.Senders = 1
		x := delivery.New(encoder{each: 1}, s, o)
		enqueue(x, spans(2000))
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := x.ForceFlush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 spans not delivered") {
			t.Errorf("ForceFlush = %v, want the span that is set aside", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := x.Shutdown(ctx); err == nil {
			t.Error("Shutdown = nil, want an error about the span")
		}
		if got := balanced(t, x); got.Delivered != 1999 || got.Dropped["shutdown"] != 1 || got.Queued != 0 {
			t.Errorf("%+v, want 1999 delivered and 1 dropped by shutdown", got)
		}
	})
}
