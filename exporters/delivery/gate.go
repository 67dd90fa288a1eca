package delivery

import (
	"math/rand/v2"
	"time"
)

// A gate holds the senders of a destination back after a failure. The backoff is the
// destination's, not a payload's: all senders wait, then one of them probes, and its success
// lets the others follow. The probe goes to whoever has waited longest, so that a payload the
// receiver always fails on cannot keep the others from being tried.
type gate struct {
	fails     int       // failures in a row; 0: open
	epoch     uint64    // number of steps of fails: an attempt begun before a step says nothing about it
	until     time.Time // end of the wait
	notBefore time.Time // what the receiver asked for; a flush does not end this
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
// by succeeded, failed or answered, with the epoch. A wait that the receiver asked for starts the
// time of every payload that has to wait for it anew, in *deadline: it is no failure to deliver.
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

// skipWait ends the present wait, but for what the receiver asked for.
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
// same time count as one failure; one that outlasts the recovery from it counts anew.
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

// wait is the backoff after n+1 failures in a row: full jitter, and never less than what
// the receiver asked for. Its first request is met to within a second.
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

// after is what a receiver's wish counts as.
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
