package delivery

import (
	"math/rand/v2"
	"time"
)

// A gate holds the senders of a destination back after a failure. The backoff is the
// destination's, not a payload's: all senders wait, then one of them probes, and its success
// lets the others follow. The sender that has waited longest makes the probe, so that a
// payload that always fails does not keep the others from being tried.
type gate struct {
	fails     int       // failures in a row; 0: open
	epoch     uint64    // number of steps of fails: the result of an attempt that began before a step is ignored
	until     time.Time // end of the wait
	notBefore time.Time // end of the wait that the receiver requested; a flush does not end it
	hurried   time.Time // when the wait that a flush ended would have ended; until then no other is
	probing   bool
	waiting   []uint64 // tickets, in order of arrival
	ticket    uint64
}

type turn uint8

const (
	turnGo   turn = iota
	turnLate      // the payload's time is over
	turnStop      // Shutdown's context has ended
)

// enter waits for a sender's turn to make an attempt. A turn that is turnGo must be followed
// by succeeded, failed or answered, with the epoch. A wait that the receiver requested restarts
// the time of every payload that has to wait for it, in *deadline, because it is not a failure to deliver.
func (e *engine) enter(deadline *time.Time) (turn, uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ticket := e.gate.queue()
	defer e.leave(ticket)
	for {
		now := time.Now()
		if !deadline.IsZero() && e.gate.notBefore.After(now) {
			*deadline = latest(*deadline, e.gate.notBefore.Add(e.o.Retry.MaxElapsed))
		}
		switch {
		case e.aborted:
			return turnStop, 0
		case !deadline.IsZero() && !now.Before(*deadline):
			return turnLate, 0
		case e.gate.admits(ticket, now):
			return turnGo, e.gate.epoch
		}
		due := *deadline
		if now.Before(e.gate.until) {
			due = earliest(due, e.gate.until)
		}
		e.wait(due)
	}
}

func (g *gate) queue() uint64 {
	g.ticket++
	g.waiting = append(g.waiting, g.ticket)
	return g.ticket
}

// leave gives up a place; the next in line may be first now.
func (e *engine) leave(ticket uint64) {
	g := &e.gate
	for i, t := range g.waiting {
		if t == ticket {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			break
		}
	}
	if len(g.waiting) > 0 {
		e.changed.Broadcast()
	}
}

func (g *gate) admits(ticket uint64, now time.Time) bool {
	if g.fails == 0 {
		return true
	}
	if g.probing || now.Before(g.until) || g.waiting[0] != ticket {
		return false
	}
	g.probing = true
	return true
}

// hurry ends the present wait for a flush, at most once before it would have ended anyway, or
// frequent flushes would make a backoff of their own frequency.
func (g *gate) hurry(now time.Time) {
	if now.Before(g.until) && !now.Before(g.hurried) {
		g.hurried = g.until
		g.skipWait(now)
	}
}

// skipWait ends the present wait, except for a wait that the receiver requested.
func (g *gate) skipWait(now time.Time) {
	if now.Before(g.until) {
		g.until = now
		if g.notBefore.After(now) {
			g.until = g.notBefore
		}
	}
}

// succeeded opens the gate.
func (e *engine) succeeded(epoch uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gate.fails == 0 || epoch != e.gate.epoch {
		return
	}
	e.gate.fails, e.gate.probing = 0, false
	e.gate.until, e.gate.notBefore, e.gate.hurried = time.Time{}, time.Time{}, time.Time{}
	e.log.recovered(e.retries)
	e.changed.Broadcast()
}

// answered ends a probe that neither failed nor was a success: the receiver refused the
// payload, and the next in line may try.
func (e *engine) answered(epoch uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if epoch == e.gate.epoch {
		e.gate.probing = false
		e.changed.Broadcast()
	}
}

// failed closes the gate, or keeps it closed for longer. Attempts that were under way at the
// same time count as one failure; one that outlasts the recovery counts again.
func (e *engine) failed(epoch uint64, out Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, g := time.Now(), &e.gate
	after := e.o.Retry.after(out.RetryAfter)
	wait := after
	if epoch == g.epoch || g.fails == 0 {
		g.epoch++
		g.fails++
		g.probing = false
		wait = e.o.Retry.wait(g.fails-1, after)
	}
	if out.Verdict == Misconfigured {
		wait = max(wait, e.o.Retry.longest())
	}
	g.until = latest(g.until, now.Add(wait))
	g.notBefore = latest(g.notBefore, now.Add(after))
	e.log.failed(now, out, e.retries)
	e.changed.Broadcast()
}

// wait is the backoff after n+1 failures in a row: full jitter, and never less than the
// receiver requested. After the first failure it exceeds the request by 1 s at most.
func (r RetryOptions) wait(n int, after time.Duration) time.Duration {
	bound := r.longest()
	if r.Initial > 0 && n < 32 && r.Initial<<n>>n == r.Initial {
		bound = r.Initial << n
		if r.Max > 0 {
			bound = min(bound, r.Max)
		}
	}
	wait := max(time.Duration(rand.Int64N(max(int64(bound), 1))), after)
	if n == 0 && after > 0 {
		wait = min(wait, after+time.Second)
	}
	return wait
}

// after bounds the wait that a receiver requests.
func (r RetryOptions) after(asked time.Duration) time.Duration {
	if r.MaxRetryAfter > 0 {
		asked = min(asked, r.MaxRetryAfter)
	}
	return max(asked, 0)
}

// longest is the wait of a destination that is misconfigured.
func (r RetryOptions) longest() time.Duration {
	if r.Max < 0 {
		return DefaultRetryMax
	}
	return r.Max
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
