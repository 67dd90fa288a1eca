package spanrecord

import (
	"context"
	"reflect"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// A Tracer is a tracer that can allocate its spans in the records of instrumentation.
type Tracer interface {
	trace.Tracer

	// Records returns a Starter for records of the struct type recorded, or of the struct type dropped if a span is not
	// recorded. It returns nil if the tracer cannot do this. It may be called often, and keeps one Starter for each pair of
	// types.
	Records(recorded, dropped reflect.Type) Starter
}

// A Starter starts spans in records. It is safe for concurrent use.
type Starter interface {
	// Start starts a span without attributes and links, at the time at, or now if at is zero. Its parent is remote if that is valid, and otherwise the span in
	// ctx. The record is a pointer to a zero value of the type for recorded spans if span is recorded, and of the type for
	// dropped spans otherwise. The caller makes it a context below ctx that holds the span.
	//
	// Start returns nil if this span must be started by trace.Tracer.Start.
	Start(ctx context.Context, remote trace.SpanContext, name string, kind trace.SpanKind, at time.Time) (record any, span trace.Span)
}

// A Discarder is a span that knows whether it is kept before its content is complete.
type Discarder interface {
	// Discard ends the span and returns true if the span is dropped, whatever content it would still get. Otherwise the
	// span does not change. It is called once, at the end of the operation, after the status is set.
	Discard() bool
}
