package spanroute

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// ProviderOptions returns the options with which a tracer provider of the SDK samples, limits and describes spans as t
// does, and sends them to the exporters of t. It is for a program that needs a provider of the SDK, for example because
// a library requires the type:
//
//	provider := sdktrace.NewTracerProvider(append(t.ProviderOptions(), sdktrace.WithIDGenerator(ids))...)
//	middleware := mw.New(mw.With(t), mw.WithTracerProvider(provider))
//
// A later option of the same kind overrides one of the list. [Tracing.Apply] changes the sampler of the provider, too.
// Shut down the provider first and t afterwards: the provider does not flush or close the exporters, t does. A span costs
// more than one of [Tracing.TracerProvider], which also avoids a copy of it. If enabled is false, the provider
// samples nothing.
func (t *Tracing) ProviderOptions() []sdktrace.TracerProviderOption {
	if t.ends == nil {
		return []sdktrace.TracerProviderOption{sdktrace.WithSampler(sdktrace.NeverSample())}
	}
	return []sdktrace.TracerProviderOption{
		sdktrace.WithSampler(t.sampler),
		sdktrace.WithRawSpanLimits(limitsOf(t.started)),
		sdktrace.WithResource(t.resource),
		sdktrace.WithSpanProcessor(foreignSpans{t.ends}),
	}
}

// foreignSpans is the processor for spans of other providers. Such a span may refer to more memory than it shows. The only
// destination encodes it at once, if it can; otherwise it is copied once for all destinations.
type foreignSpans struct{ *processor }

func (f foreignSpans) OnEnd(span sdktrace.ReadOnlySpan) {
	sampled := span.SpanContext().IsSampled()
	if taker := f.onlyTaker(); taker != nil {
		if sampled {
			taker.Take(span)
		}
		return
	}
	if sampled || len(f.userProcessors) > 0 {
		span = delivery.Copy(span)
	}
	f.processor.OnEnd(span)
}
