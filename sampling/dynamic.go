package sampling

import (
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Dynamic is a sampler whose rule can be replaced while spans are being started: the SDK fixes its sampler when
// the tracer provider is made, and a Dynamic is what it is given. It is safe for concurrent use and costs one
// atomic load.
type Dynamic struct {
	current atomic.Pointer[sdktrace.Sampler]
}

// NewDynamic returns a Dynamic that follows s until [Dynamic.Set] is called. A nil s never samples.
func NewDynamic(s sdktrace.Sampler) *Dynamic {
	d := new(Dynamic)
	d.Set(s)
	return d
}

// Set makes every span that starts after it returns follow s. With a parent-based s no trace of this process
// is cut by the change, because children follow their parent. A nil s never samples.
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

// ShouldSample asks the sampler in force.
func (d *Dynamic) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return d.load().ShouldSample(p)
}

// Description tells the sampler in force.
func (d *Dynamic) Description() string { return d.load().Description() }
