package delivery_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// udp is a sender that gets no answers. Packets that are sent without a listener are lost; the
// refusal is known `late` after the send, by the next Send or by Confirm, whichever comes first.
type udp struct {
	listening func() bool
	late      time.Duration

	mu      sync.Mutex
	refused time.Time // when a refusal is known; zero: none under way
	lost    bool      // a Send has met the refusal; Confirm must report it
	reached []string
	sends   []time.Duration
	start   time.Time
}

var errRefused = errors.New("connection refused")

func (u *udp) known() bool { return !u.refused.IsZero() && !time.Now().Before(u.refused) }

func (u *udp) Send(_ context.Context, p packet) delivery.Outcome {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sends = append(u.sends, time.Since(u.start))
	if u.known() {
		u.refused, u.lost = time.Time{}, true
		return delivery.Outcome{Verdict: delivery.Retry, Err: errRefused}
	}
	if u.listening() {
		u.reached = append(u.reached, p.names...)
	} else {
		u.refused = time.Now().Add(u.late)
	}
	return delivery.Outcome{}
}

func (u *udp) Confirm() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.lost || u.known() {
		u.lost, u.refused = false, time.Time{}
		return errRefused
	}
	return nil
}

func (u *udp) Close(context.Context) error { return nil }

// No span is lost for good without a listener, and none is counted as delivered that did
// not arrive, as long as the refusal comes within 100 ms or with the next packet.
func TestConfirmer(t *testing.T) {
	for name, late := range map[string]time.Duration{
		"known at once": 0, "known after 10 ms": 10 * time.Millisecond, "known just in time": 99 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				u := &udp{late: late, start: start, listening: func() bool { return time.Since(start) > 5*time.Second }}
				x := delivery.New(encoder{each: 1}, u, options(&record{}))
				enqueue(x, spans(10))
				time.Sleep(2 * time.Second)
				if got := balanced(t, x); got.Queued != 10 || got.Delivered != 0 || got.Since.IsZero() {
					t.Errorf("stats while nobody listens = %+v, want all queued and an outage", got)
				}
				got := finish(t, x)
				if got.Delivered != 10 || len(u.reached) != 10 {
					t.Errorf("delivered %d, reached %d, want 10", got.Delivered, len(u.reached))
				}
				for i := 1; i < len(u.sends); i++ {
					if wait := u.sends[i] - u.sends[i-1]; wait > 1100*time.Millisecond {
						t.Errorf("attempt %d after %v, want at most the 1 s of UDP and the delay", i+1, wait)
					}
				}
			})
		})
	}
}

// A payload counts as queued until 100 ms after it was sent, and ForceFlush waits for it.
func TestUnconfirmedCountsAsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &udp{start: time.Now(), listening: func() bool { return true }}
		x := delivery.New(encoder{each: 1}, u, options(&record{}))
		enqueue(x, spans(10))
		time.Sleep(50 * time.Millisecond)
		if got := balanced(t, x); got.Queued != 10 {
			t.Errorf("queued %d after 50 ms, want 10", got.Queued)
		}
		if err := x.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
		if got, at := balanced(t, x), time.Since(u.start); got.Delivered != 10 || at != 100*time.Millisecond {
			t.Errorf("delivered %d at %v, want 10 at 100ms", got.Delivered, at)
		}
		finish(t, x)
	})
}

// Both payloads go back, in order: the one that met the refusal and the one before it.
func TestLostPayloadGoesBackToTheHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		u := &udp{start: time.Now(), listening: func() bool { n++; return n > 1 }}
		o := options(&record{})
		o.Senders = 8 // a Confirmer always has one
		x := delivery.New(encoder{each: 1, most: 5}, u, o)
		list := spans(20)
		enqueue(x, list)
		finish(t, x)
		var want []string
		for _, s := range list {
			want = append(want, s.Name())
		}
		if diff := cmp.Diff(want, u.reached); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

// full is a sender whose second packet finds no buffer space for 10 s.
type full struct{ sender }

func (f *full) Confirm() error { return nil }

// While attempts fail for a reason unrelated to the payload before, that one is
// delivered after its 100 ms all the same, and the outage goes on.
func TestLastPayloadIsConfirmedDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, log := time.Now(), &record{}
		u := &full{sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n > 1 && time.Since(start) < 10*time.Second {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("no buffer space")}
			}
			return delivery.Outcome{}
		}}}
		x := delivery.New(encoder{each: 1, most: 5}, u, options(log))
		enqueue(x, spans(10))
		time.Sleep(5 * time.Second)
		if got := balanced(t, x); got.Delivered != 5 || got.Queued != 5 || !got.Since.Equal(start) {
			t.Errorf("stats = %+v, want 5 delivered, 5 queued, and the outage since the start", got)
		}
		if got := finish(t, x); got.Delivered != 10 || log.with("delivery recovered") != 1 {
			t.Errorf("delivered %d, want 10, and one end of the outage told:\n%v", got.Delivered, log.all())
		}
	})
}

// Without a pause to confirm in, the next payload that goes out ends an outage.
func TestOutageEndsUnderSteadyLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &full{sender{answer: retryTimes(1, errDown)}}
		x := delivery.New(encoder{each: 1}, u, options(&record{}))
		for range 200 {
			enqueue(x, spans(10))
			time.Sleep(50 * time.Millisecond)
		}
		if got := balanced(t, x); !got.Since.IsZero() || got.Retries != 1 {
			t.Errorf("stats = %+v, want no outage after 10 s of load", got)
		}
		finish(t, x)
	})
}

// The payload before is confirmed at once after a Retry, not only when the wait is over.
func TestConfirmIsAskedAfterARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		u := &refusing{sender: sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n == 2 {
				return errDown
			}
			return delivery.Outcome{}
		}}}
		x := delivery.New(encoder{each: 1, most: 5}, u, options(&record{}))
		enqueue(x, spans(10))
		got := finish(t, x)
		if got.Delivered != 10 || !u.told.Equal(start) {
			t.Errorf("delivered %d, told of the loss after %v, want 10 and 0s, the time of the second attempt", got.Delivered, u.told.Sub(start))
		}
	})
}

// hinted is a loss with a hint.
type hinted struct{ error }

func (hinted) Hint() string { return "nothing listens; start it" }

// unheard reports every payload as lost.
type unheard struct{ sender }

func (*unheard) Confirm() error { return hinted{errRefused} }

// The hint of a loss is that of the attempt, whichever payload finds out.
func TestConfirmWithAHint(t *testing.T) {
	for name, payloads := range map[string]int{"the last payload": 1, "a payload before others": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := delivery.New(encoder{each: 1, most: 5}, new(unheard), options(&record{}))
				enqueue(x, spans(5*payloads))
				time.Sleep(2 * time.Second)
				if got := balanced(t, x); got.Hint != "nothing listens; start it" || got.LastError == "" {
					t.Errorf("last error %q, hint %q, want that of Confirm", got.LastError, got.Hint)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_ = x.Shutdown(ctx)
			})
		})
	}
}

// refusing knows that its first packet is lost once it has sent the second.
type refusing struct {
	sender
	told time.Time
}

func (r *refusing) Confirm() error {
	if len(r.sizes()) != 2 || !r.told.IsZero() {
		return nil
	}
	r.told = time.Now()
	return errRefused
}

// What was written and not refused is delivered, also when Shutdown's context is over.
func TestShutdownConfirmsTheLastPayload(t *testing.T) {
	for name, listening := range map[string]bool{"agent listens": true, "nobody listens": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &udp{start: time.Now(), late: 20 * time.Millisecond, listening: func() bool { return listening }}
				x := delivery.New(encoder{each: 1}, u, options(&record{}))
				enqueue(x, spans(10))
				time.Sleep(50 * time.Millisecond)
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				err := x.Shutdown(ctx)
				got := balanced(t, x)
				if (got.Delivered == 10) != listening || (err == nil) != listening || got.Queued != 0 {
					t.Errorf("Shutdown = %v, stats %+v, want delivered = %v", err, got, listening)
				}
			})
		})
	}
}

// panicky is a Confirmer that panics once.
type panicky struct {
	udp
	done bool
}

func (p *panicky) Confirm() error {
	if !p.done {
		p.done = true
		panic("oh")
	}
	return nil
}

// A Confirm that panics counts as a loss: the payload is sent again.
func TestConfirmThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &panicky{udp: udp{start: time.Now(), listening: func() bool { return true }}}
		x := delivery.New(encoder{each: 1}, u, options(&record{}))
		enqueue(x, spans(10))
		if got := finish(t, x); got.Delivered != 10 || got.Retries != 1 {
			t.Errorf("delivered %d after %d retries, want 10 after 1", got.Delivered, got.Retries)
		}
	})
}
