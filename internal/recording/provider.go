package recording

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// A Config holds the settings of a [Provider]. Environment variables do not change them; sdktrace.NewSpanLimits returns
// the limits of the OTEL_SPAN_* variables.
type Config struct {
	Sampler     sdktrace.Sampler     // nil: sdktrace.ParentBased(sdktrace.AlwaysSample())
	IDGenerator sdktrace.IDGenerator // nil: random ids
	// Limits have the meaning that they have in sdktrace.WithRawSpanLimits: 0 keeps nothing, except that a depth of 0
	// means the default.
	Limits   sdktrace.SpanLimits
	Resource *resource.Resource // nil: resource.Default()

	// Processors are called in order at the start and the end of each span. They may keep the spans.
	Processors []sdktrace.SpanProcessor
	// Sinks receive spans after the processors. Bodies are pooled if there are sinks and no processors.
	Sinks []Sink

	// Hold bounds the spans of local traces that the sampler leaves undecided. See package undecided.
	Hold HoldLimits
	// Cost estimates the memory of a held span in bytes, for [HoldLimits].MaxBytes. nil: spans cost nothing.
	Cost func(sdktrace.ReadOnlySpan) int64

	// WithoutPanicRecording leaves out the exception event of a span that is ended by a panic.
	WithoutPanicRecording bool
}

// A Provider is a tracer provider. It is safe for concurrent use.
type Provider struct {
	embedded.TracerProvider

	pipeline       pipeline
	closed         atomic.Bool
	processorsLock sync.Mutex // serializes changes of the processors

	tracersLock sync.RWMutex
	tracers     map[instrumentation.Scope]*Tracer
}

// New returns a Provider. It cannot fail.
func New(c Config) *Provider {
	p := &Provider{
		pipeline: pipeline{
			sampler:       c.Sampler,
			ids:           c.IDGenerator,
			limits:        newLimits(c.Limits),
			resource:      c.Resource,
			sinks:         c.Sinks,
			ignoresPanics: c.WithoutPanicRecording,
			hold:          newHold(c.Hold, c.Cost),
		},
		tracers: make(map[instrumentation.Scope]*Tracer),
	}
	p.pipeline.setDefaults()
	p.pipeline.processors.Store(processorsOf(c.Processors))
	return p
}

// SetHold replaces the limits of [Config.Hold].
func (p *Provider) SetHold(limits HoldLimits) { p.pipeline.hold.setLimits(limits) }

// Held returns the counters of undecided local traces.
func (p *Provider) Held() HoldStats { return p.pipeline.hold.stats() }

const defaultTracerName = "go.opentelemetry.io/otel/sdk/tracer"

// Tracer returns the tracer of an instrumentation scope: the same one for the same scope. After [Provider.Shutdown] it
// returns a tracer that does nothing.
func (p *Provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	if p.closed.Load() {
		return noop.NewTracerProvider().Tracer(name, options...)
	}
	scope := p.scopeOf(name, options)
	p.tracersLock.RLock()
	t, ok := p.tracers[scope]
	p.tracersLock.RUnlock()
	if ok {
		return t
	}
	return p.addTracer(scope)
}

func (p *Provider) scopeOf(name string, options []trace.TracerOption) instrumentation.Scope {
	if name == "" {
		name = defaultTracerName
	}
	c := trace.NewTracerConfig(options...)
	return instrumentation.Scope{
		Name:       name,
		Version:    c.InstrumentationVersion(),
		SchemaURL:  c.SchemaURL(),
		Attributes: p.pipeline.limits.set(c.InstrumentationAttributes()),
	}
}

func (p *Provider) addTracer(scope instrumentation.Scope) *Tracer {
	p.tracersLock.Lock()
	defer p.tracersLock.Unlock()
	if t, ok := p.tracers[scope]; ok {
		return t
	}
	t := &Tracer{source: source{pipeline: &p.pipeline, provider: p, scope: scope, metrics: newMetrics()}}
	p.tracers[scope] = t
	return t
}
