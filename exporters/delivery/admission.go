package delivery

import "time"

// An admission is the answer to a sender that wants to make an attempt.
type admission uint8

const (
	admitLater   admission = iota
	admitNow               // send the payload
	admitSmall             // send a small payload: the receiver may have just started
	admitProbe             // send a payload without spans, and ask again
	admitExpired           // the payload's time is over
	admitNever             // Shutdown's context has ended
)

// admit waits until a sender may make an attempt. After admitNow and admitSmall the sender calls succeeded, rejected or
// failed with the epoch, after admitProbe it calls probed. A wait that the receiver requested is not a failure to deliver: it restarts the time of every payload that waits
// for it, in *deadline.
func (x *Exporter) admit(deadline *time.Time) (admission, uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ticket := x.breaker.line()
	defer x.leave(ticket)
	for {
		now := time.Now()
		if !deadline.IsZero() && x.breaker.notBefore.After(now) {
			*deadline = latest(*deadline, x.breaker.notBefore.Add(x.options.Retry.MaxElapsed))
		}
		switch {
		case x.aborted:
			return admitNever, 0
		case !deadline.IsZero() && !now.Before(*deadline):
			return admitExpired, 0
		}
		if may := x.breaker.admits(ticket, now); may != admitLater {
			return may, x.breaker.epoch
		}
		x.wait(earliest(*deadline, x.breaker.due(now)))
	}
}

// leave removes a sender from the line; the next one may be the first now. Called with mu held.
func (x *Exporter) leave(ticket uint64) {
	if x.breaker.leave(ticket) {
		x.changed.Broadcast()
	}
}

// epoch returns the present epoch of the breaker.
func (x *Exporter) epoch() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.breaker.epoch
}

// succeeded reports a successful attempt of the given epoch to the breaker.
func (x *Exporter) succeeded(epoch uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.breaker.succeeded(epoch) {
		x.log.recovered(x.account.retries)
		x.changed.Broadcast()
	}
}

// rejected reports an attempt after which the receiver rejected the payload.
func (x *Exporter) rejected(epoch uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.breaker.rejected(epoch)
	x.changed.Broadcast()
}

// probed reports the result of a probe.
func (x *Exporter) probed(epoch uint64, out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.breaker.probed(epoch, out, x.options.Retry, time.Now())
	if out.Verdict == Retry || out.Verdict == Misconfigured {
		x.log.cause(out.Err, out.Hint)
	}
	x.changed.Broadcast()
}

// failed reports an attempt without an answer, or with one that requests another attempt.
func (x *Exporter) failed(epoch uint64, out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	x.breaker.failed(epoch, out, x.options.Retry, now)
	x.log.failed(now, out, x.account.retries)
	x.changed.Broadcast()
}
