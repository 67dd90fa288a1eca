package instrumentation

import (
	"context"
	"reflect"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spanrecord"
)

// Extract returns ctx with the trace context and the baggage that the caller sent in c. With the option NoRemoteBaggage,
// ctx keeps its own baggage.
func (in *Instrumentation) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	extracted := in.Propagator().Extract(ctx, c)
	if in.noRemoteBaggage && baggage.FromContext(extracted).Len() > 0 {
		return baggage.ContextWithBaggage(extracted, baggage.FromContext(ctx))
	}
	return extracted
}

// DropsRemoteBaggage reports whether the caller's baggage is not wanted, so that it must be removed from what a
// handler that is a proxy would forward.
func (in *Instrumentation) DropsRemoteBaggage() bool { return in.noRemoteBaggage }

// StartOptions returns the options that all spans have in common. Appending to them copies them.
func (in *Instrumentation) StartOptions() []trace.SpanStartOption { return in.startOptions }

// AsNewRoot appends what makes a span at a public endpoint: the root of a new trace, with a link to the remote caller
// in ctx instead of a parent.
func AsNewRoot(ctx context.Context, options []trace.SpanStartOption) []trace.SpanStartOption {
	options = append(options, trace.WithNewRoot())
	if caller := trace.SpanContextFromContext(ctx); caller.IsValid() && caller.IsRemote() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: caller}))
	}
	return options
}

// UseRecords makes [Instrumentation.StartRecord] return records of the struct types recorded and dropped. It is called
// before the first span. It has an effect if the tracer supports records and attributes may be set at the end of a span.
func (in *Instrumentation) UseRecords(recorded, dropped reflect.Type) {
	in.records = in.Records(recorded, dropped)
}

// Records returns records of other types than those of [Instrumentation.UseRecords], or nil under the same conditions.
func (in *Instrumentation) Records(recorded, dropped reflect.Type) spanrecord.Starter {
	if tracer, ok := in.tracer.(spanrecord.Tracer); ok && in.deferAttributes {
		return tracer.Records(recorded, dropped)
	}
	return nil
}

// StartRecord starts a span in a record, as [spanrecord.Starter] describes. It returns nil if the span must be started by
// the tracer.
func (in *Instrumentation) StartRecord(ctx context.Context, remote trace.SpanContext, name string) (record any, span trace.Span) {
	if in.records == nil || in.Policy().ReadsRequests() {
		return nil, nil
	}
	return in.records.Start(ctx, remote, name, in.kind, time.Time{})
}

// Discard ends span and returns true if the span is not kept, whatever attributes it would still get. Call it after the
// status is set and before the attributes are, once.
func Discard(span trace.Span) bool {
	d, ok := span.(spanrecord.Discarder)
	return ok && d.Discard()
}
