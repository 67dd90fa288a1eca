package spanroute

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/service"
	"github.com/spanroute/spanroute/sampling"
)

// newProvider sets every option that the SDK would otherwise read from the environment: package config has already
// resolved the precedence.
func newProvider(p plan, sampler *sampling.Dynamic, destinations []destination) (*sdktrace.TracerProvider, *processor) {
	ends := &processor{userProcessors: p.options.processors, resource: resourceOverride(p.resource), limit: p.cfg.MaxTagValueLength}
	for _, d := range destinations {
		ends.queues = append(ends.queues, d.queue)
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sampler),
		sdktrace.WithRawSpanLimits(limitsOf(p.cfg)),
		sdktrace.WithResource(p.resource),
		sdktrace.WithSpanProcessor(ends),
	), ends
}

// limitsOf returns the limits on counts. The processor limits the length of values: the SDK would truncate a value to a
// substring, which keeps the whole value in memory for as long as the span is queued.
func limitsOf(cfg *config.Config) sdktrace.SpanLimits {
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit:   -1,
		AttributeCountLimit:         cfg.Limits.AttributeCount,
		EventCountLimit:             cfg.Limits.EventCount,
		LinkCountLimit:              cfg.Limits.LinkCount,
		AttributePerEventCountLimit: cfg.Limits.EventAttributeCount,
		AttributePerLinkCountLimit:  cfg.Limits.LinkAttributeCount,
	}
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

// resourceOverride returns resolved if the SDK would record spans with a different resource, and nil otherwise. The SDK
// always merges OTEL_RESOURCE_ATTRIBUTES into the resource, and WithResource does not prevent that.
func resourceOverride(resolved *resource.Resource) *resource.Resource {
	probe := sdktrace.NewTracerProvider(
		sdktrace.WithResource(resolved),
		sdktrace.WithSampler(sdktrace.AlwaysSample()),
		sdktrace.WithSpanProcessor(new(processor)),
	)
	_, span := probe.Tracer("").Start(context.Background(), "")
	recorded, ok := span.(sdktrace.ReadOnlySpan)
	if ok && recorded.Resource().Equal(resolved) {
		return nil
	}
	return resolved
}

// processor passes ended spans to the processors of [WithSpanProcessor], and sampled spans to the destinations. It stays
// registered after [Tracing.Shutdown], so that spans that end later are counted; the user's processors are no longer
// called then. It never blocks.
type processor struct {
	userProcessors []sdktrace.SpanProcessor
	queues         []delivery.Destination
	resource       *resource.Resource // replaces the resource of the spans; may be nil
	limit          int                // maximum length of attribute values, in code points; negative: unlimited
	shutDown       atomic.Bool        // set at the end of Shutdown
}

func (p *processor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p.shutDown.Load() {
		return
	}
	for _, user := range p.userProcessors {
		user.OnStart(ctx, span)
	}
}

// OnEnd truncates the attribute values once, before any user processor or destination receives the span. Each
// destination copies what it keeps.
func (p *processor) OnEnd(span sdktrace.ReadOnlySpan) {
	sampled, shutDown := span.SpanContext().IsSampled(), p.shutDown.Load()
	if shutDown && !sampled {
		return
	}
	span = delivery.Cut(withResource(span, p.resource), p.limit)
	if !shutDown {
		for _, user := range p.userProcessors {
			user.OnEnd(span)
		}
	}
	if !sampled {
		return
	}
	for _, queue := range p.queues {
		queue.Enqueue(span)
	}
}

// ForceFlush does nothing: [Tracing.ForceFlush] flushes processors and destinations directly.
func (*processor) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing: [Tracing.Shutdown] shuts down processors and destinations directly.
func (*processor) Shutdown(context.Context) error { return nil }

func withResource(span sdktrace.ReadOnlySpan, r *resource.Resource) sdktrace.ReadOnlySpan {
	if r == nil {
		return span
	}
	return spanWithResource{span, r}
}

// spanWithResource is a span whose resource is replaced.
type spanWithResource struct {
	sdktrace.ReadOnlySpan
	resource *resource.Resource
}

func (s spanWithResource) Resource() *resource.Resource { return s.resource }
