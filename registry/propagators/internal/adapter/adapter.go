// Package adapter adapts the propagators of OpenTelemetry's contrib modules to what spanroute promises about the headers of
// callers.
//
// # How it works
//
// A propagator of contrib parses and formats the headers of one format. It runs in a context of its own, so that what it
// stores there has no effect on the request. The adapter then decides what becomes a part of the request:
//
//   - A span context that is found becomes the remote parent. If an earlier propagator has found the same span, its span
//     context is kept, since it may have more: a tracestate, or all digits of a trace id that this format shortens.
//   - A debug flag is written again only for a sampled span of the same trace. A new trace at a public endpoint and a request
//     that this service does not sample must not have it.
//   - A decision that the caller leaves open is left open only by a service without an SDK. The others have decided.
//   - A request without a span gets no headers. Those of contrib's B3 propagator would keep callees from sampling.
//   - Baggage in headers of its own is read and written here, so that the value of a caller cannot make a header that
//     net/http or gRPC refuses to send.
package adapter

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// A Format is a propagator of contrib with what the adapter has to know about its headers.
type Format struct {
	// Propagator reads and writes the headers of the span context.
	Propagator propagation.TextMapPropagator
	// Reads lists the headers that are read, in lower case; nil means those that are written.
	Reads []string
	// Flags names a format whose propagator stores flags of the caller in the context that it returns. It is empty for a
	// format without them.
	Flags string
	// Decode decodes the value of a header before it is parsed; it may be nil.
	Decode func(string) string
	// Baggage describes the headers of the baggage. The zero value has none.
	Baggage Baggage
}

// New returns a propagator of headers in format f. It is safe for concurrent use.
func New(f Format) propagation.TextMapPropagator {
	fields := slices.Concat(f.Propagator.Fields(), f.Reads)
	slices.Sort(fields)
	return &propagator{f, slices.Compact(fields)}
}

type propagator struct {
	Format
	fields []string
}

// Fields returns the names of all headers with the span context, in every form that Extract reads: after Inject, another
// form must not be left over from an earlier request.
func (p *propagator) Fields() []string { return slices.Clone(p.fields) }

// flagsKey is the key of the context that the propagator of a format returned for the caller.
type flagsKey string

// Extract returns ctx with the span context and the baggage in c.
func (p *propagator) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	caller := p.Propagator.Extract(context.Background(), contextHeaders{c, p.Decode})
	if sc := trace.SpanContextFromContext(caller); sc.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, fuller(trace.SpanContextFromContext(ctx), sc))
		if p.Flags != "" {
			ctx = context.WithValue(ctx, flagsKey(p.Flags), caller)
		}
	}
	return p.Baggage.extract(ctx, c)
}

// Inject writes the span context and the baggage in ctx to c.
func (p *propagator) Inject(ctx context.Context, c propagation.TextMapCarrier) {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		p.Propagator.Inject(trace.ContextWithSpanContext(p.flags(ctx, sc), sc), c)
	}
	p.Baggage.inject(ctx, c)
}

// flags returns a context with the caller's flags that apply to a span with the span context sc.
func (p *propagator) flags(ctx context.Context, sc trace.SpanContext) context.Context {
	caller, ok := ctx.Value(flagsKey(p.Flags)).(context.Context)
	if !ok {
		return context.Background()
	}
	from := trace.SpanContextFromContext(caller)
	if from.TraceID() != sc.TraceID() || !sc.IsRemote() && !(from.IsSampled() && sc.IsSampled()) {
		return context.Background()
	}
	return caller
}

// fuller returns the span context of a caller whose headers have been read as before by another propagator, if it is valid,
// and as sc by this one.
func fuller(before, sc trace.SpanContext) trace.SpanContext {
	if !before.IsRemote() || before.SpanID() != sc.SpanID() || !shortens(sc.TraceID(), before.TraceID()) {
		return sc
	}
	return before.WithTraceFlags(before.TraceFlags().WithSampled(before.IsSampled() || sc.IsSampled()))
}

// shortens reports whether id is full, or the second half of full.
func shortens(id, full trace.TraceID) bool {
	return id == full || [8]byte(id[:8]) == [8]byte{} && [8]byte(id[8:]) == [8]byte(full[8:])
}

// contextHeaders are the headers of a caller without those of the baggage, which are found by their keys.
type contextHeaders struct {
	propagation.TextMapCarrier
	decode func(string) string
}

// Get returns the decoded value of key.
func (c contextHeaders) Get(key string) string {
	value := c.TextMapCarrier.Get(key)
	if c.decode == nil {
		return value
	}
	return c.decode(value)
}

// Keys returns nil.
func (contextHeaders) Keys() []string { return nil }
