package spanroute

import (
	"context"
	"math"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/internal/service"
	"github.com/spanroute/spanroute/sampling"
)

// newProvider returns the provider of all spans, and the processor that passes them on. Nothing in it comes from the
// environment: package config has resolved the precedence.
//
// Without a destination, or with only one that encodes spans when they end, the provider has a sink and uses the memory of
// its spans again. Otherwise spans stay valid without limit of time: a processor of the program may keep them, and a queue
// does.
func newProvider(p plan, sampler *sampling.Dynamic, destinations []destination) (*recording.Provider, *processor) {
	ends := &processor{userProcessors: p.options.processors}
	for _, d := range destinations {
		ends.queues = append(ends.queues, d.queue)
	}
	c := recording.Config{Sampler: sampler, Limits: limitsOf(p.cfg), Resource: p.resource, Hold: holdOf(p.cfg), Cost: delivery.Cost}
	switch taker := ends.onlyTaker(); {
	case taker != nil:
		c.Sinks = []recording.Sink{encodingSink{taker}}
	case len(ends.queues)+len(ends.userProcessors) == 0:
		c.Sinks = []recording.Sink{discardingSink{}}
	default:
		c.Processors = []sdktrace.SpanProcessor{ends}
	}
	return recording.New(c), ends
}

func limitsOf(cfg *config.Config) sdktrace.SpanLimits {
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit:   cfg.MaxTagValueLength,
		AttributeCountLimit:         cfg.Limits.AttributeCount,
		EventCountLimit:             cfg.Limits.EventCount,
		LinkCountLimit:              cfg.Limits.LinkCount,
		AttributePerEventCountLimit: cfg.Limits.EventAttributeCount,
		AttributePerLinkCountLimit:  cfg.Limits.LinkAttributeCount,
	}
}

func holdOf(cfg *config.Config) recording.HoldLimits {
	h := cfg.Sampling.Hold
	return recording.HoldLimits{MaxTraces: h.MaxTraces, MaxBytes: int(min(h.MaxBytes, math.MaxInt)), MaxTime: h.MaxTime}
}

// newResource returns the resource of all spans: the SDK, the configured attributes and the service name.
func newResource(cfg *config.Config) *resource.Resource {
	attributes := []attribute.KeyValue{
		semconv.TelemetrySDKLanguageGo,
		semconv.TelemetrySDKName("opentelemetry"),
		semconv.TelemetrySDKVersion(sdk.Version()),
	}
	for _, pair := range cfg.ResourceAttributes {
		attributes = append(attributes, attribute.String(pair.Name, pair.Value))
	}
	name := cfg.ServiceName
	if name == "" {
		name = service.Unknown()
	}
	attributes = append(attributes, semconv.ServiceName(name))
	return resource.NewWithAttributes(semconv.SchemaURL, attributes...)
}

// processor passes ended spans to the processors of [WithSpanProcessor], and sampled spans to the destinations. It stays
// registered after [Tracing.Shutdown], so that spans that end later are counted; the user's processors are no longer
// called then. It never blocks.
type processor struct {
	userProcessors []sdktrace.SpanProcessor
	queues         []delivery.Destination
	shutDown       atomic.Bool // set at the end of Shutdown
}

func (p *processor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p.shutDown.Load() {
		return
	}
	for _, user := range p.userProcessors {
		user.OnStart(ctx, span)
	}
}

// IgnoresStart reports whether OnStart does nothing.
func (p *processor) IgnoresStart() bool { return len(p.userProcessors) == 0 }

// OnEnd passes the span on. Spans of package recording never change and own their memory, so they are not copied.
func (p *processor) OnEnd(span sdktrace.ReadOnlySpan) {
	p.OnHeld(span)
	if span.SpanContext().IsSampled() {
		p.OnKept(span)
	}
}

// OnHeld passes a span to the processors of [WithSpanProcessor]. Its local trace need not be decided.
func (p *processor) OnHeld(span sdktrace.ReadOnlySpan) {
	if p.shutDown.Load() {
		return
	}
	for _, user := range p.userProcessors {
		user.OnEnd(span)
	}
}

// OnKept passes a span that is kept to the destinations.
func (p *processor) OnKept(span sdktrace.ReadOnlySpan) {
	for _, queue := range p.queues {
		queue.Enqueue(span)
	}
}

// onlyTaker returns the destination if p has only one, which encodes spans when they end, and no processors of the program.
func (p *processor) onlyTaker() delivery.Taker {
	if len(p.queues) != 1 || len(p.userProcessors) > 0 {
		return nil
	}
	if taker, ok := p.queues[0].(delivery.Taker); ok && taker.Encodes() {
		return taker
	}
	return nil
}

// encodingSink passes sampled spans to a destination that encodes them at once.
type encodingSink struct{ delivery.Taker }

// Take encodes the span and releases it.
func (s encodingSink) Take(b *recording.Body) {
	if b.SpanContext().IsSampled() {
		s.Taker.Take(b)
	}
	b.Release()
}

// discardingSink is for exporter_type none: spans are recorded, so that their ids are passed on, and discarded.
type discardingSink struct{}

// Take releases the span.
func (discardingSink) Take(b *recording.Body) { b.Release() }

// ForceFlush does nothing: [Tracing.ForceFlush] flushes processors and destinations directly.
func (*processor) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing: [Tracing.Shutdown] shuts down processors and destinations directly.
func (*processor) Shutdown(context.Context) error { return nil }
