package delivery

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A breaker holds the senders of a destination back after a failure. The engine's lock guards it.
//
// How it works. The backoff belongs to the destination and not to a payload. After a failure all senders wait until the
// backoff ends. Then one sender makes an attempt, the probe; its success releases the others. The sender that has waited
// longest gets the probe, so that a payload that always fails does not keep the others from being tried. Each failure and
// recovery starts a new epoch. The result of an attempt that began in an earlier epoch is ignored: it neither releases
// the senders nor counts as a second failure.
type breaker struct {
	failures  int       // in a row; 0 means that every sender is admitted
	epoch     uint64    // number of changes of failures
	until     time.Time // end of the backoff
	notBefore time.Time // end of the wait that the receiver requested; a flush does not end it
	hurried   time.Time // end of the backoff that a flush ended; until then no other backoff is ended
	probing   bool
	waiting   []uint64 // tickets of the senders, in order of arrival
	ticket    uint64
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

// admits reports whether the sender may make an attempt. If it is the probe, admits records that.
func (b *breaker) admits(ticket uint64, now time.Time) bool {
	if b.failures == 0 {
		return true
	}
	if b.probing || now.Before(b.until) || b.waiting[0] != ticket {
		return false
	}
	b.probing = true
	return true
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
	b.failures, b.probing = 0, false
	b.until, b.notBefore, b.hurried = time.Time{}, time.Time{}, time.Time{}
	return true
}

// answered ends a probe that was neither a failure nor a success: the receiver rejected the payload, and the next sender
// may try.
func (b *breaker) answered(epoch uint64) {
	if epoch == b.epoch {
		b.probing = false
	}
}

// failed starts or extends the backoff. Attempts that were under way at the same time count as one failure.
func (b *breaker) failed(epoch uint64, out Outcome, r RetryOptions, now time.Time) {
	requested := r.clampRetryAfter(out.RetryAfter)
	wait := requested
	if epoch == b.epoch || b.failures == 0 {
		b.epoch++
		b.failures++
		b.probing = false
		wait = r.backoff(b.failures-1, requested)
	}
	if out.Verdict == Misconfigured {
		wait = max(wait, r.maxWait())
	}
	b.until = latest(b.until, now.Add(wait))
	b.notBefore = latest(b.notBefore, now.Add(requested))
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
