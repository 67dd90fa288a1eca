// Package suppress marks the context of a request that gets no span, so that no span below it is recorded either.
//
// The middlewares call [Context] for an excluded request, and the samplers of spanroute call [TraceID] for each new
// span. The mark and the unsampled span context travel together: a provider with any other parent-based sampler drops
// the descendants too, and an outgoing request carries sampled=0 to the next service.
package suppress

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

type markKey struct{}

// A Span is the span of an excluded request: it is not recorded. Its span context is valid, local and unsampled. The
// context of the request must return it for the key of trace.SpanFromContext, and for the key of [IsMark].
type Span struct {
	trace.Span  // does nothing; noop.Span has room for a span context of its own
	spanContext trace.SpanContext
}

// Of returns the span of an excluded request whose caller or parent has the span context parent. It keeps its trace id,
// span id and tracestate, or has new ids if parent is invalid.
func Of(parent trace.SpanContext) Span {
	if !parent.IsValid() {
		parent = trace.NewSpanContext(freshIDs())
	}
	return Span{noop.Span{}, parent.WithTraceFlags(parent.TraceFlags().WithSampled(false)).WithRemote(false)}
}

// SpanContext returns the ids that callees refer to.
func (s *Span) SpanContext() trace.SpanContext { return s.spanContext }

// IsMark reports whether key is the context key of the mark. Its value is a *Span.
func IsMark(key any) bool { return key == (markKey{}) }

// suppression is both a link of the context chain, which returns its span for markKey, and that span. This saves an
// excluded request two allocations. The standard library still finds the cancelling parent, because Done and Value are
// passed on.
type suppression struct {
	context.Context
	span Span
}

func (s *suppression) Value(key any) any {
	if IsMark(key) {
		return &s.span
	}
	return s.Context.Value(key)
}

// Context returns ctx as the context of an excluded request: its span context is valid, local and unsampled. It keeps
// trace id, span id and tracestate of the caller or parent in ctx, or else has new ids. The context has a mark by which
// the samplers of spanroute drop every descendant, whatever their configuration.
func Context(ctx context.Context) context.Context {
	s := &suppression{ctx, Of(trace.SpanContextFromContext(ctx))}
	return trace.ContextWithSpan(s, &s.span)
}

// TraceID returns the trace id of the excluded request that ctx belongs to. A span must be dropped if its parent
// has this trace id; a deliberate new root has another one.
func TraceID(ctx context.Context) (trace.TraceID, bool) {
	s, ok := ctx.Value(markKey{}).(*Span)
	if !ok {
		return trace.TraceID{}, false
	}
	return s.spanContext.TraceID(), true
}

func freshIDs() (c trace.SpanContextConfig) {
	for !c.TraceID.IsValid() {
		binary.NativeEndian.PutUint64(c.TraceID[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(c.TraceID[8:], rand.Uint64())
	}
	for !c.SpanID.IsValid() {
		binary.NativeEndian.PutUint64(c.SpanID[:], rand.Uint64())
	}
	return c
}
