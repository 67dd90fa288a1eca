package recording

import (
	"time"

	"github.com/spanroute/spanroute/internal/undecided"
)

// A localTrace is a local trace that the sampler left undecided: its local root and the descendants of that in this
// process. A root without descendants has none. The mutex of the hold guards what changes.
type localTrace struct {
	hold    *hold
	decider undecided.Trace
	started time.Time // of the root
	sampled bool      // the decision at the start of the root, which holds if nothing else is decided

	state          state
	reason         undecided.Reason
	rootEnded      bool
	spans          []*Body // held
	bytes          int
	since          time.Time // of the first held span
	previous, next *localTrace
}

type state uint8

const (
	open state = iota
	kept
	dropped
)

// decided returns the state that follows from a verdict. A root that is still Open follows the decision at its start.
func (t *localTrace) decided(v undecided.Verdict, root bool) state {
	switch {
	case v == undecided.Keep, v == undecided.Open && root && t.sampled:
		return kept
	case v == undecided.Drop, root:
		return dropped
	}
	return open
}

// isDropped reports whether t gets no more spans.
func (t *localTrace) isDropped() bool {
	t.hold.mu.Lock()
	defer t.hold.mu.Unlock()
	return t.state == dropped
}

// end receives an ended span, which the caller no longer uses.
func (t *localTrace) end(b *Body) {
	h := t.hold
	if h.isOpen(t) {
		verdict, reason := t.decider.EndSpan(b, false) // without the lock
		h.mu.Lock()
		t.decide(t.decided(verdict, false), reason)
	} else {
		h.mu.Lock()
	}
	if t.state == open {
		displaced := h.add(t, b)
		h.mu.Unlock()
		discardAll(displaced)
		return
	}
	late := t.rootEnded
	spans := h.leave(t)
	h.mu.Unlock()
	h.countLate(t, late)
	t.settle(append(spans, b))
}

// endRoot receives the root with its verdict. It is the last span that is decided; later ones follow the verdict.
func (t *localTrace) endRoot(b *Body, verdict undecided.Verdict, reason undecided.Reason) {
	h := t.hold
	h.mu.Lock()
	t.rootEnded = true
	t.decide(t.decided(verdict, true), reason)
	spans := h.leave(t)
	h.mu.Unlock()
	h.count(t.state)
	t.settle(spans)
	if t.state == dropped {
		b.discard()
		return
	}
	b.keep(t.reason)
}

// dropRoot is endRoot for a root without content. It reports whether the trace is dropped: it is not if something has kept
// it.
func (t *localTrace) dropRoot() bool {
	h := t.hold
	h.mu.Lock()
	if t.state == kept {
		h.mu.Unlock()
		return false
	}
	t.rootEnded, t.state = true, dropped
	spans := h.leave(t)
	h.mu.Unlock()
	discardAll(spans)
	return true
}

// decide sets the state, unless it is set already. The caller holds the mutex of the hold.
func (t *localTrace) decide(to state, reason undecided.Reason) {
	if t.state == open && to != open {
		t.state = to
		if to == kept {
			t.reason = reason
		}
	}
}

// expire decides a trace that can be held no longer. The caller holds the mutex of the hold.
func (t *localTrace) expire() {
	verdict, reason := t.decider.Expire(time.Since(t.started))
	if verdict == undecided.Open && !t.sampled {
		verdict = undecided.Drop
	}
	if verdict == undecided.Open {
		verdict = undecided.Keep
	}
	t.decide(t.decided(verdict, false), reason)
}

// settle passes spans of a decided trace on, or discards them. A decided state does not change, so no lock is needed.
func (t *localTrace) settle(spans []*Body) {
	if t.state == dropped {
		discardAll(spans)
		return
	}
	for _, b := range spans {
		b.keep(undecided.Reason{})
	}
}

func (h *hold) isOpen(t *localTrace) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return t.state == open
}

// count counts the verdict about a local trace.
func (h *hold) count(s state) {
	if s == kept {
		h.kept.Add(1)
	} else {
		h.dropped.Add(1)
	}
}

// countLate counts a span that ended after its local root.
func (h *hold) countLate(t *localTrace, late bool) {
	switch {
	case !late:
	case t.state == kept:
		h.lateKept.Add(1)
	default:
		h.lateDropped.Add(1)
	}
}
