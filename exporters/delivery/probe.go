package delivery

import (
	"context"
	"slices"
	"time"
)

const (
	// probeTimeout is the maximum time of a probe.
	probeTimeout = 2 * time.Second
	// smallSpans is the maximum number of spans of a small payload, if it can be split.
	smallSpans = 64
)

// probe sends a payload without spans.
func (o *outbox[P]) probe(epoch uint64) {
	p, err := o.newProbe()
	if err != nil {
		o.x.probed(epoch, Outcome{Verdict: Misconfigured, Err: err})
		return
	}
	ctx, cancel := context.WithTimeout(o.x.run, o.x.probeTimeout())
	defer cancel()
	o.x.probed(epoch, o.callSend(ctx, p))
}

func (o *outbox[P]) newProbe() (p P, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Probe", v)
		}
	}()
	return o.encoder.(Prober[P]).Probe(), nil
}

func (x *Exporter) probeTimeout() time.Duration {
	if t := x.options.Timeout; t > 0 {
		return min(t, probeTimeout)
	}
	return probeTimeout
}

// reduce returns the first load, which is split so that it has few spans.
func (s *sendLoop[P]) reduce() *load[P] {
	for s.todo[0].spans > smallSpans {
		whole := s.todo[0]
		a, b, ok := s.split(whole)
		if !ok {
			break
		}
		a.inherit(whole)
		b.inherit(whole)
		s.todo = slices.Replace(s.todo, 0, 1, a, b)
	}
	return s.todo[0]
}

// inherit makes l continue as a part of whole.
func (l *load[P]) inherit(whole *load[P]) {
	l.attempts, l.deadline = whole.attempts, whole.deadline
	l.failures, l.accepted, l.blamed, l.failure = whole.failures, whole.accepted, whole.blamed, whole.failure
}
