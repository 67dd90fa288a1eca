package delivery

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A breaker holds the senders of a destination back after a failure. The engine's lock guards it.
//
// How it works. The backoff belongs to the destination and not to a payload. After a failure the breaker is open: all
// senders wait until the backoff ends. Then it is half open: one sender makes an attempt, the trial, and its success closes
// the breaker for all. The sender that has waited longest gets the trial, so that a payload that always fails does not keep
// the others from being tried. Each failure and recovery starts a new epoch. The result of an attempt that began in an
// earlier epoch is ignored: it neither releases the senders nor counts as a second failure.
//
// A long backoff would also delay the spans after a short outage. Therefore a sender that waits sends probes, which are
// payloads without spans, if the encoder is a [Prober]. An answer to a probe ends the backoff, and the trial is a
// small payload. A receiver may take probes and fail on spans: each trial that fails after an answered probe doubles the time between probes, so that the backoff
// keeps its effect. No probe is sent during a wait that the receiver requested, or while it is misconfigured.
type breaker struct {
	failures  int       // in a row; 0 means that every sender is admitted
	epoch     uint64    // number of changes of failures
	until     time.Time // end of the backoff
	notBefore time.Time // end of the wait that the receiver requested; a flush does not end it
	hurried   time.Time // end of the backoff that a flush ended; until then no other backoff is ended
	busy      bool      // a trial or a probe is under way
	trial     bool      // it is a trial
	probeAt   time.Time // when the next probe is due; zero: not before the next trial
	answered  bool      // a probe was answered since the last failure
	misled    int       // trials in a row that failed after an answered probe
	waiting   []uint64  // tickets of the senders, in order of arrival
	ticket    uint64
}

// A BreakerState is the state of the circuit breaker of a destination.
type BreakerState uint8

// The states.
const (
	BreakerClosed   BreakerState = iota // every payload is sent at once
	BreakerOpen                         // all payloads wait after a failure
	BreakerHalfOpen                     // one payload is sent to find out whether the receiver works
)

var breakerStates = [...]string{"closed", "open", "half-open"}

// String returns the state in lower case.
func (s BreakerState) String() string {
	if int(s) < len(breakerStates) {
		return breakerStates[s]
	}
	return "unknown"
}

// state returns the state, and when the next probe or trial is due, if the breaker is open.
func (b *breaker) state() (s BreakerState, next time.Time) {
	switch {
	case b.failures == 0:
		return BreakerClosed, next
	case b.busy && b.trial:
		return BreakerHalfOpen, next
	}
	return BreakerOpen, earliest(b.until, b.probeAt)
}

// line adds a sender to the end of the line and returns its ticket.
func (b *breaker) line() uint64 {
	b.ticket++
	b.waiting = append(b.waiting, b.ticket)
	return b.ticket
}

// leave removes a sender from the line and reports whether others are left.
func (b *breaker) leave(ticket uint64) bool {
	b.waiting = slices.DeleteFunc(b.waiting, func(other uint64) bool { return other == ticket })
	return len(b.waiting) > 0
}

// admits reports what the sender may do now, and records a trial or a probe.
func (b *breaker) admits(ticket uint64, now time.Time) admission {
	switch {
	case b.failures == 0:
		return admitNow
	case b.busy || b.waiting[0] != ticket:
		return admitLater
	case !now.Before(b.until):
		b.busy, b.trial = true, true
		if b.answered {
			return admitSmall
		}
		return admitNow
	case !b.probeAt.IsZero() && !now.Before(b.probeAt):
		b.busy, b.trial = true, false
		return admitProbe
	}
	return admitLater
}

// due returns the time at which a waiting sender is to ask again, if that is later than now; zero: at the next change.
func (b *breaker) due(now time.Time) (at time.Time) {
	if b.busy {
		return at
	}
	for _, t := range []time.Time{b.until, b.probeAt} {
		if t.After(now) {
			at = earliest(at, t)
		}
	}
	return at
}

// hurry ends the present backoff for a flush, at most once until its original end. Otherwise frequent flushes would make
// attempts at their own frequency.
func (b *breaker) hurry(now time.Time) {
	if now.Before(b.until) && !now.Before(b.hurried) {
		b.hurried = b.until
		b.endBackoff(now)
	}
}

// endBackoff ends the present backoff, except for a wait that the receiver requested.
func (b *breaker) endBackoff(now time.Time) {
	if now.Before(b.until) {
		b.until = latest(now, b.notBefore)
	}
}

// succeeded releases all senders after a success of the given epoch, and reports whether that ended an outage.
func (b *breaker) succeeded(epoch uint64) bool {
	if b.failures == 0 || epoch != b.epoch {
		return false
	}
	*b = breaker{epoch: b.epoch, waiting: b.waiting, ticket: b.ticket}
	return true
}

// rejected ends a trial that was neither a failure nor a success: the receiver rejected the payload, and the next sender
// may try.
func (b *breaker) rejected(epoch uint64) {
	if epoch == b.epoch {
		b.busy = false
	}
}

// probed ends a probe.
func (b *breaker) probed(epoch uint64, out Outcome, r RetryOptions, now time.Time) {
	if epoch != b.epoch || b.trial {
		return
	}
	b.busy = false
	switch out.Verdict {
	case Retry:
		b.notBefore = latest(b.notBefore, now.Add(r.clampRetryAfter(out.RetryAfter)))
		b.until = latest(b.until, b.notBefore)
		b.probeAt = latest(now.Add(r.probeWait(b.misled)), b.notBefore)
	case Misconfigured:
		b.until, b.probeAt = latest(b.until, now.Add(r.maxWait())), time.Time{}
	default:
		b.until, b.probeAt, b.answered = now, time.Time{}, true
	}
}

// failed starts or extends the backoff. Attempts that were under way at the same time count as one failure.
func (b *breaker) failed(epoch uint64, out Outcome, r RetryOptions, now time.Time) {
	requested := r.clampRetryAfter(out.RetryAfter)
	wait := requested
	if epoch == b.epoch || b.failures == 0 {
		b.epoch++
		b.failures++
		b.busy = false
		if b.answered {
			b.misled++
		}
		b.answered = false
		wait = r.backoff(b.failures-1, requested)
	}
	b.notBefore = latest(b.notBefore, now.Add(requested))
	b.probeAt = time.Time{}
	switch {
	case out.Verdict == Misconfigured:
		wait = max(wait, r.maxWait())
	case r.Probe > 0:
		b.probeAt = latest(now.Add(r.probeWait(b.misled)), b.notBefore)
	}
	b.until = latest(b.until, now.Add(wait))
}

// backoff returns the wait after n+1 failures in a row: random between 0 and the bound, and not less than requested. After
// the first failure it exceeds a requested wait by 1 s at most.
func (r RetryOptions) backoff(n int, requested time.Duration) time.Duration {
	bound := r.maxWait()
	if r.Initial > 0 && n < 32 && r.Initial<<n>>n == r.Initial {
		bound = r.Initial << n
		if r.Max > 0 {
			bound = min(bound, r.Max)
		}
	}
	wait := max(time.Duration(rand.Int64N(max(int64(bound), 1))), requested)
	if n == 0 && requested > 0 {
		wait = min(wait, requested+time.Second)
	}
	return wait
}

// probeWait returns the wait before a probe: random between half of the bound and the bound, which doubles with each trial
// that failed after an answered probe.
func (r RetryOptions) probeWait(misled int) time.Duration {
	bound := r.Probe
	for range misled {
		if bound >= r.maxWait()/2 {
			bound = r.maxWait()
			break
		}
		bound *= 2
	}
	return bound/2 + time.Duration(rand.Int64N(int64(bound/2)+1))
}

// clampRetryAfter bounds the wait that a receiver requests.
func (r RetryOptions) clampRetryAfter(requested time.Duration) time.Duration {
	if r.MaxRetryAfter > 0 {
		requested = min(requested, r.MaxRetryAfter)
	}
	return max(requested, 0)
}

// maxWait returns the maximum backoff, which is that of a misconfigured destination.
func (r RetryOptions) maxWait() time.Duration {
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
