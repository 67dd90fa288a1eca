package recording

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Sink takes spans as bodies. Take is called for each span that ends, sampled or not, by the goroutine that ends it.
// The sink must call [Body.Release] once it no longer reads the body, from any goroutine.
type Sink interface {
	Take(b *Body)
}

// A pipeline is what the spans of a provider go through. Only the processors change.
type pipeline struct {
	sampler       sdktrace.Sampler
	ids           sdktrace.IDGenerator
	limits        limits
	resource      *resource.Resource
	sinks         []Sink
	ignoresPanics bool
	processors    atomic.Pointer[[]*processor]
}

func (p *pipeline) setDefaults() {
	if p.sampler == nil {
		p.sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	if p.ids == nil {
		p.ids = randomIDs{}
	}
	if p.resource == nil {
		p.resource = resource.Default()
	}
}

// pools reports whether the bodies of new spans may be used again after their release.
func (p *pipeline) pools(processors []*processor) bool {
	return len(processors) == 0 && len(p.sinks) > 0
}

// A source is where a span comes from: its pipeline, and what the spans of one tracer have in common.
type source struct {
	*pipeline
	provider trace.TracerProvider
	scope    instrumentation.Scope
	metrics  *metrics // nil: off
}
