package spanroute

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/sampling"
)

// newProvider passes every setting that the SDK would otherwise take from the environment: precedence has been
// decided by config, once.
func newProvider(p plan, sampler *sampling.Dynamic, destinations []destination) (*sdktrace.TracerProvider, *processor) {
	ends := &processor{guests: p.options.processors, resource: overriding(p.resource), limit: p.cfg.MaxTagValueLength}
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

// limitsOf leaves the length of values to the processor: the SDK cuts a value by taking a substring, which keeps
// the whole value alive for as long as the span is queued.
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

// newResource describes the process: the SDK, the configured attributes, the service's name.
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
		name = unknownService()
	}
	attributes = append(attributes, semconv.ServiceName(name))
	return resource.NewWithAttributes(semconv.SchemaURL, attributes...)
}

func unknownService() string {
	executable, err := os.Executable()
	if err != nil || executable == "" {
		return "unknown_service:go"
	}
	return "unknown_service:" + filepath.Base(executable)
}

// overriding returns resolved if the SDK merges something else underneath it, as it does with
// OTEL_RESOURCE_ATTRIBUTES whatever it is told, and nil if spans carry it as it is.
func overriding(resolved *resource.Resource) *resource.Resource {
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

// processor hands ended spans to the span processors of the program, and those that are sampled to the
// destinations. It stays registered after [Tracing.Shutdown], so that spans that end later are counted; the
// processors of the program are left alone then. It never blocks.
type processor struct {
	guests   []sdktrace.SpanProcessor
	queues   []delivery.Destination
	resource *resource.Resource // nil: the span's own
	limit    int                // of texts of attributes, in code points; negative: none
	over     atomic.Bool        // Shutdown has ended
}

func (p *processor) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if p.over.Load() {
		return
	}
	for _, guest := range p.guests {
		guest.OnStart(ctx, span)
	}
}

// OnEnd cuts the span's texts, once for all who get it. Each destination makes sure that it owns the rest.
func (p *processor) OnEnd(span sdktrace.ReadOnlySpan) {
	sampled, over := span.SpanContext().IsSampled(), p.over.Load()
	if over && !sampled {
		return
	}
	span = delivery.Cut(resolve(span, p.resource), p.limit)
	if !over {
		for _, guest := range p.guests {
			guest.OnEnd(span)
		}
	}
	if !sampled {
		return
	}
	for _, queue := range p.queues {
		queue.Enqueue(span)
	}
}

// ForceFlush does nothing: [Tracing.ForceFlush] reaches processors and destinations itself.
func (*processor) ForceFlush(context.Context) error { return nil }

// Shutdown does nothing: processors and destinations end with the [Tracing], not with the provider.
func (*processor) Shutdown(context.Context) error { return nil }

func resolve(span sdktrace.ReadOnlySpan, r *resource.Resource) sdktrace.ReadOnlySpan {
	if r == nil {
		return span
	}
	return resolvedSpan{span, r}
}

// resolvedSpan is a span with the resource that the configuration resolved.
type resolvedSpan struct {
	sdktrace.ReadOnlySpan
	resource *resource.Resource
}

func (s resolvedSpan) Resource() *resource.Resource { return s.resource }
