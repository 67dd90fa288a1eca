package mw

import (
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/policy"
)

// scopeName is the import path of this package, as the instrumentation scope of its spans.
const scopeName = "github.com/spanroute/spanroute/mw"

// Tracing is what [With] takes; *spanroute.Tracing satisfies it. All methods are safe for concurrent use.
type Tracing interface {
	// TracerProvider makes the spans. They must copy the attributes they are given, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	// Propagator reads and writes the trace headers.
	Propagator() propagation.TextMapPropagator
	// Exclusions is the policy of operators, asked for every request that arrives.
	Exclusions() *policy.Live
	// SamplerReadsAttributes tells whether attributes must be there when a span starts. If not, all attributes
	// are set in one call when it ends, and a span that is not recorded costs none.
	SamplerReadsAttributes() bool
}
