package sampling

import (
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Dynamic is a sampler that follows another one, which can be replaced while spans are started. A tracer provider of the
// SDK cannot change its own sampler. A Dynamic is safe for concurrent use and costs one atomic load.
type Dynamic struct {
	current atomic.Pointer[sdktrace.Sampler]
}

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
		s = sampler{name: AlwaysOff}
	}
	d.current.Store(&s)
}

func (d *Dynamic) load() sdktrace.Sampler {
	if s := d.current.Load(); s != nil {
		return *s
	}
	return sampler{name: AlwaysOff}
}

// ShouldSample returns the decision of the current sampler.
func (d *Dynamic) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return d.load().ShouldSample(p)
}

// ShouldSampleBelow is ShouldSample for a span below parent, which is not yet in p.ParentContext. With the samplers of this
// package, it costs no context with the parent.
func (d *Dynamic) ShouldSampleBelow(parent trace.SpanContext, p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	switch s := d.load().(type) {
	case sampler:
		return s.ShouldSampleBelow(parent, p)
	default:
		if parent.IsRemote() {
			p.ParentContext = trace.ContextWithRemoteSpanContext(p.ParentContext, parent)
		}
		return s.ShouldSample(p)
	}
}

// Description returns the description of the current sampler.
func (d *Dynamic) Description() string { return d.load().Description() }
