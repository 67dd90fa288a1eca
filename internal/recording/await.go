package recording

import (
	"time"

	"github.com/spanroute/spanroute/internal/spanrecord"
	"github.com/spanroute/spanroute/internal/undecided"
)

// A judgement is the verdict of a local root that [Span.Discard] needed before its End.
type judgement struct {
	verdict undecided.Verdict
	reason  undecided.Reason
}

// await holds an ended span, or decides its local trace if it is the root of that.
func (s *Span) await(b *Body, local *localTrace) {
	b.held()
	if s.decider == nil {
		local.end(b)
		return
	}
	j := s.judge(b)
	if local == nil && !s.keeps(j.verdict) {
		s.source.hold.dropped.Add(1)
		b.discard()
		return
	}
	if local == nil {
		local = s.newLocalTrace(b)
	}
	local.endRoot(b, j.verdict, j.reason)
	if local.state == kept {
		s.mu.Lock()
		s.local = local // for children that start later
		s.mu.Unlock()
	}
}

// newLocalTrace returns the local trace of the root s with the body b.
func (s *Span) newLocalTrace(b *Body) *localTrace {
	return &localTrace{hold: s.source.hold, decider: s.decider, started: b.start, sampled: s.context.IsSampled()}
}

// keeps reports whether a root without children is kept.
func (s *Span) keeps(v undecided.Verdict) bool {
	return v == undecided.Keep || v == undecided.Open && s.context.IsSampled()
}

// judge returns the verdict of a local root that has ended.
func (s *Span) judge(b *Body) judgement {
	if s.judged != nil {
		return *s.judged
	}
	verdict, reason := s.decider.EndSpan(b, true)
	return judgement{verdict, reason}
}

var _ spanrecord.Discarder = (*Span)(nil)

// Discard ends s and returns true if its local trace is dropped, whatever content s would still get. Otherwise s does not
// change. Instrumentation calls it at the end of an operation, after it has set the status.
func (s *Span) Discard() bool {
	if s.decider == nil || s.decider.ReadsContent() || s.source.metrics != nil {
		return false
	}
	for _, sp := range *s.source.processors.Load() {
		if !sp.ignoresHeld() {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.recorded()
	if b == nil || s.task != nil || s.judged != nil {
		return false
	}
	b.end = b.start.Add(time.Since(b.start))
	verdict, reason := s.decider.EndSpan(b, true)
	if !s.drops(verdict) {
		b.end, s.judged = time.Time{}, &judgement{verdict, reason}
		return false
	}
	s.ended = true
	if b.pooled {
		s.body = nil
	}
	b.discard()
	return true
}

// drops drops the local trace of the root s if nothing has kept it and the verdict does not. The caller holds mu.
func (s *Span) drops(verdict undecided.Verdict) bool {
	if s.keeps(verdict) || s.local != nil && !s.local.dropRoot() {
		return false
	}
	s.source.hold.dropped.Add(1)
	return true
}
