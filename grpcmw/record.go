package grpcmw

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/spanrecord"
)

// spanKey is the key under which trace.SpanFromContext looks up the span of a context, or nil if it is unknown.
var spanKey = spanrecord.Key()

// A callContext is the context of an RPC with a span. It is for an RPC whose serverCall exists before its span starts:
// with [ServerOptions], the stats handler makes the serverCall. It and the handle of the span are one allocation.
type callContext struct {
	context.Context
	span trace.Span
}

// Value returns the span for the key of trace.SpanFromContext.
func (c *callContext) Value(key any) any {
	if key == spanKey {
		return c.span
	}
	return c.Context.Value(key)
}
