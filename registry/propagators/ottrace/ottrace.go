// Package ottrace links the propagator ottrace into a program, for the headers of OpenTracing's basic tracers:
//
//	import _ "github.com/spanroute/spanroute/registry/propagators/ottrace" // propagators: ottrace
//
// It reads and writes the span context in the headers ot-tracer-traceid, ot-tracer-spanid and ot-tracer-sampled, and the
// members of the baggage in headers that begin with ot-baggage-. The format has trace ids of 64 bits: of a longer one the
// second half is written.
package ottrace

import (
	"go.opentelemetry.io/contrib/propagators/ot"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/adapter"
)

func init() { registry.RegisterPropagator("ottrace", New) }

// New returns the propagator ottrace.
func New() propagation.TextMapPropagator {
	return adapter.New(adapter.Format{
		Propagator: ot.OT{},
		Baggage:    adapter.Baggage{Prefix: "ot-baggage-"},
	})
}
