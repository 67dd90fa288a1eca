package delivery

import (
	"slices"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
)

// A replayLoop is a sender goroutine that sends what is in the spool, the oldest payload first. A payload is acknowledged when
// all of its spans are delivered or dropped, and otherwise stays in the spool.
type replayLoop[P Payload] struct {
	sendLoop[P]
	taken []*batch // not acknowledged
}

// run sends payloads until Shutdown's context ends, or the spool is empty after Shutdown was called.
func (r *replayLoop[P]) run() {
	defer r.giveUp()
	for r.sendAll() {
		r.acknowledge()
		if l := r.due(time.Now()); l != nil {
			r.todo = append(r.todo, l)
			continue
		}
		switch e, over := r.next(); {
		case over:
			return
		case e != nil:
			if l := r.store.load(e); l != nil {
				r.taken, r.todo = append(r.taken, l.batch), append(r.todo, l)
			}
		}
	}
}

// next waits for an entry. It returns nil at the end of a backoff, and over when no more are to be sent.
func (r *replayLoop[P]) next() (e *spool.Entry, over bool) {
	for {
		seen, last := r.x.appends()
		if e := r.store.files.Take(); e != nil {
			return e, false
		}
		until := r.quarantine.next()
		if last && until.IsZero() {
			return nil, true
		}
		if !r.x.awaitAppend(seen, until) {
			return nil, r.x.run.Err() != nil
		}
	}
}

// appends returns the number of changes of the spool, and whether it was the last one.
func (x *Exporter) appends() (n uint64, last bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.appended, x.aborted || x.closing && x.spillEnded
}

// awaitAppend waits until the number of changes is not seen any more. It returns false at the time until, if that is not
// zero, and when Shutdown's context ends.
func (x *Exporter) awaitAppend(seen uint64, until time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.appended == seen && !(x.closing && x.spillEnded && until.IsZero()) {
		if x.aborted || !until.IsZero() && !time.Now().Before(until) {
			return false
		}
		x.wait(until)
	}
	return true
}

// acknowledge removes what is settled from the spool.
func (r *replayLoop[P]) acknowledge() {
	r.taken = slices.DeleteFunc(r.taken, func(b *batch) bool {
		if r.x.unsettledOf(b) > 0 {
			return false
		}
		_ = b.entry.Done() // on an error, a later process delivers it again
		return true
	})
}

// giveUp leaves what is not settled in the spool. A payload that was settled in part is there as a whole, and will be
// delivered again: all of its spans count as found there.
func (r *replayLoop[P]) giveUp() {
	r.acknowledge()
	for _, b := range r.taken {
		r.x.mu.Lock()
		settled := b.entry.Spans - b.left
		r.x.account.adopted += uint64(settled)
		r.x.account.spooled += int64(settled)
		r.x.mu.Unlock()
		b.entry.Return()
	}
	r.taken, r.todo, r.aside = nil, nil, nil
}

// unsettledOf returns the number of spans of b that are not settled.
func (x *Exporter) unsettledOf(b *batch) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return b.left
}
