package spanroute

import (
	"context"
	"os"
	"path/filepath"

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
func newProvider(p plan, sampler *sampling.Dynamic, destinations []destination) *sdktrace.TracerProvider {
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithSampler(sampler),
		sdktrace.WithRawSpanLimits(limitsOf(p.cfg)),
		sdktrace.WithResource(p.resource),
	}
	resolved := overriding(p.resource)
	for _, own := range p.options.processors {
		opts = append(opts, sdktrace.WithSpanProcessor(guest{own, resolved}))
	}
	for _, d := range destinations {
		opts = append(opts, sdktrace.WithSpanProcessor(processor{queue: d.queue, resource: resolved}))
	}
	return sdktrace.NewTracerProvider(opts...)
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
		sdktrace.WithSpanProcessor(processor{}),
	)
	_, span := probe.Tracer("").Start(context.Background(), "")
	recorded, ok := span.(sdktrace.ReadOnlySpan)
	if ok && recorded.Resource().Equal(resolved) {
		return nil
	}
	return resolved
}

// processor hands the sampled spans of the SDK to one destination. It never blocks, and it ends with the
// destination, not with the provider.
type processor struct {
	queue    delivery.Queuer
	resource *resource.Resource // nil: the span's own
}

func (p processor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (p processor) OnEnd(span sdktrace.ReadOnlySpan) {
	if p.queue == nil || !span.SpanContext().IsSampled() {
		return
	}
	p.queue.Enqueue(resolve(span, p.resource))
}

func (processor) ForceFlush(context.Context) error { return nil }

func (processor) Shutdown(context.Context) error { return nil }

// guest is a span processor of the program's own. It ends with the [Tracing], which reaches it even when the
// provider would not any more.
type guest struct {
	sdktrace.SpanProcessor
	resource *resource.Resource // nil: the span's own
}

func (g guest) OnEnd(span sdktrace.ReadOnlySpan) { g.SpanProcessor.OnEnd(resolve(span, g.resource)) }

func (guest) Shutdown(context.Context) error { return nil }

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
