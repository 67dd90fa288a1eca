// Package b3 links the propagators b3 and b3multi into a program, for the headers of Zipkin's clients, such as Brave:
//
//	import _ "github.com/spanroute/spanroute/registry/propagators/b3" // propagators: b3
//
// Both read the header b3 and, if it is absent or invalid, the headers X-B3-TraceId, X-B3-SpanId, X-B3-Sampled and
// X-B3-Flags. b3 writes the one header, b3multi the several ones.
//
// A caller that leaves the sampling decision open counts as one that does not sample: a span context of OpenTelemetry has
// no third state. A decision without ids, such as "b3: 0", is not read, so that a new trace begins. The debug flag is read
// as sampled, and passed on with spans of its trace that are sampled here.
package b3

import (
	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/adapter"
)

func init() {
	registry.RegisterPropagator("b3", New)
	registry.RegisterPropagator("b3multi", NewMulti)
}

// New returns the propagator b3, which writes one header.
func New() propagation.TextMapPropagator { return withEncoding(b3.B3SingleHeader) }

// NewMulti returns the propagator b3multi, which writes several headers.
func NewMulti() propagation.TextMapPropagator { return withEncoding(b3.B3MultipleHeader) }

func withEncoding(e b3.Encoding) propagation.TextMapPropagator {
	return adapter.New(adapter.Format{
		Propagator: b3.New(b3.WithInjectEncoding(e)),
		Reads:      []string{"b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"},
		Flags:      "b3",
	})
}
