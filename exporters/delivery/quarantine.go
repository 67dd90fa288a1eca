package delivery

import (
	"slices"
	"time"
)

// A quarantine holds the payloads that a sender goroutine has set aside, because the receiver fails on them.
//
// How it works. A receiver, or a filter in front of it, may fail on a payload for its content, and a client of the program
// may have chosen that content. Such a failure looks like an outage. Therefore a payload that has failed four times is set
// aside if others wait, and another one is tried. If that is delivered, the receiver works: from then on each failure of the
// payload is blamed on the payload. It is no longer a failure of the destination, so the others do not wait. A payload that is
// blamed is tried again after a backoff of its own, and in halves, until the spans that cause the failure are alone. They are
// tried until they expire, because a receiver that is overloaded also fails on some payloads and accepts others. If the
// other payload fails as well, nothing is blamed, and all wait for the end of the outage. A failure with a requested wait is
// never blamed: the receiver has limited the rate.
type quarantine[P Payload] struct{ aside []*load[P] }

const (
	// maxAside bounds the spans that one sender sets aside, in batches.
	maxAside = 8
	// failuresAside is the number of failures in a row after which a payload is set aside if others wait.
	failuresAside = 4
	// suspicion is the time after a blamed failure in which a payload is set aside after its first failure.
	suspicion = 5 * time.Minute
	// blamesToSplit is the number of blamed failures after which a payload is halved.
	blamesToSplit = 2
	// asideWait is the first backoff of a payload that was set aside. It is doubled with each failure, up to 12.8 s.
	asideWait   = 100 * time.Millisecond
	asideShifts = 7
)

// due removes and returns a payload whose backoff has ended, or returns nil.
func (q *quarantine[P]) due(now time.Time) *load[P] {
	i := slices.IndexFunc(q.aside, func(l *load[P]) bool { return !now.Before(l.until) })
	if i < 0 {
		return nil
	}
	l := q.aside[i]
	q.aside = slices.Delete(q.aside, i, i+1)
	return l
}

// next returns the time at which the first backoff ends, or zero.
func (q *quarantine[P]) next() (at time.Time) {
	for _, l := range q.aside {
		at = earliest(at, l.until)
	}
	return at
}

// add sets a payload aside for its backoff.
func (q *quarantine[P]) add(l *load[P], now time.Time) {
	l.until = now.Add(asideWait << min(l.blamed, asideShifts))
	q.aside = append(q.aside, l)
}

// spans returns the number of spans that are set aside.
func (q *quarantine[P]) spans() (n int) {
	for _, l := range q.aside {
		n += l.spans
	}
	return n
}

// blames reports whether the failure of a payload is to be blamed on it, because the receiver has accepted other spans since
// the failure before. Otherwise it counts the failure, and reports whether the payload should be set aside. others reports
// whether the sender has set other payloads aside.
func (x *Exporter) blames(failures *int, accepted *uint64, others bool) (blamed, aside bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now, before := time.Now(), *accepted
	*accepted = x.account.delivered
	if *failures > 0 && *accepted > before {
		x.blamed = now
		return true, false
	}
	*failures++
	enough := *failures >= failuresAside || !x.blamed.IsZero() && now.Sub(x.blamed) < suspicion
	return false, enough && (others || x.ready(now) > 0)
}
