package mw

import (
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/tracing"
)

// scopeName is the import path of this package, as the instrumentation scope of its spans.
const scopeName = "github.com/spanroute/spanroute/mw"

// Tracing is what [With] takes; *spanroute.Tracing satisfies it. All methods are safe for concurrent use.
type Tracing interface {
	// TracerProvider makes the spans. They must copy the attributes they are given, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	// Propagator reads and writes the trace headers.
	Propagator() propagation.TextMapPropagator
	// Instrumentation returns the operator's rules and when attributes are set. It is called once for each option
	// [With].
	Instrumentation() tracing.Instrumentation
}
