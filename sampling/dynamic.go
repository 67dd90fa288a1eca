package sampling

import (
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/undecided"
)

// Dynamic is a sampler that follows another one, which can be replaced while spans are started. A tracer provider of the
// SDK cannot change its own sampler. A Dynamic is safe for concurrent use and costs one atomic load.
type Dynamic struct {
	counts  counts
	current atomic.Pointer[sdktrace.Sampler]
}

var never = &sampler{name: AlwaysOff}

// NewDynamic returns a Dynamic that follows s until [Dynamic.Set] is called. A nil s never samples.
func NewDynamic(s sdktrace.Sampler) *Dynamic {
	d := new(Dynamic)
	d.Set(s)
	return d
}

// Set replaces the sampler for all spans that start after it returns. With a parent-based s, the change splits no trace
// of this process, because children follow their parent. A nil s never samples.
func (d *Dynamic) Set(s sdktrace.Sampler) {
	if s == nil {
		s = never
	}
	if own, ok := s.(*sampler); ok && own != never {
		s = own.countedBy(&d.counts)
	}
	d.current.Store(&s)
}

func (d *Dynamic) load() sdktrace.Sampler {
	if s := d.current.Load(); s != nil {
		return *s
	}
	return never
}

// ShouldSample returns the decision of the current sampler.
func (d *Dynamic) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return d.load().ShouldSample(p)
}

// Decide is ShouldSample for a span below parent, which need not be in p.ParentContext. If the trace that it returns is not
// nil, the trace decides when the local root ends; the recorder of spanroute calls it.
func (d *Dynamic) Decide(
	parent trace.SpanContext, p sdktrace.SamplingParameters,
) (sdktrace.SamplingResult, undecided.Trace) {
	switch s := d.load().(type) {
	case undecided.Sampler:
		return s.Decide(parent, p)
	default:
		if parent.IsRemote() {
			p.ParentContext = trace.ContextWithRemoteSpanContext(p.ParentContext, parent)
		}
		return s.ShouldSample(p), nil
	}
}

// Stats returns the number of decisions of all samplers that d has followed.
func (d *Dynamic) Stats() Stats {
	stats := d.counts.stats()
	if s, ok := d.load().(*sampler); ok && s.rules != nil {
		for _, r := range s.rules.rules {
			stats.Rules = append(stats.Rules, RuleStats{r.Name, r.kept.Load(), r.limited.Load()})
		}
	}
	return stats
}

// Description returns the description of the current sampler.
func (d *Dynamic) Description() string { return d.load().Description() }
