package recording

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spanrecord"
)

// A spanRecord is both a span and the context that holds it, in one allocation. A program that keeps the span keeps the
// context in which it started.
type spanRecord struct {
	context.Context
	span Span
}

// Value returns the span for the key of trace.SpanFromContext.
func (r *spanRecord) Value(key any) any {
	if key == spanKey {
		return &r.span
	}
	return r.Context.Value(key)
}

// String keeps fmt from reading the fields of a span that another goroutine writes to.
func (r *spanRecord) String() string {
	return fmt.Sprintf("%v.WithSpan(%s)", r.Context, r.span.context.SpanID())
}

// A droppedRecord is both a span that is not recorded and the context that holds it.
type droppedRecord struct {
	context.Context
	span Dropped
}

// Value returns the span for the key of trace.SpanFromContext.
func (r *droppedRecord) Value(key any) any {
	if key == spanKey {
		return &r.span
	}
	return r.Context.Value(key)
}

// String describes the context.
func (r *droppedRecord) String() string {
	return fmt.Sprintf("%v.WithSpan(%s)", r.Context, r.span.context.SpanID())
}

func newSpan(ctx context.Context) (context.Context, *Span) {
	if spanKey == nil {
		span := new(Span)
		return trace.ContextWithSpan(ctx, span), span
	}
	r := &spanRecord{Context: ctx}
	return r, &r.span
}

func newDropped(ctx context.Context) (context.Context, *Dropped) {
	if spanKey == nil {
		span := &Dropped{Span: blank}
		return trace.ContextWithSpan(ctx, span), span
	}
	r := &droppedRecord{Context: ctx}
	r.span.Span = blank
	return r, &r.span
}

// spanKey is the key that trace.SpanFromContext passes to the Value method of a context, or nil if it is unknown. In that
// case, contexts come from trace.ContextWithSpan.
var spanKey = spanrecord.Key()
