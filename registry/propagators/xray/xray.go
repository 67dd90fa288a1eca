// Package xray links the propagator xray into a program, for the header X-Amzn-Trace-Id of AWS X-Ray:
//
//	import _ "github.com/spanroute/spanroute/registry/propagators/xray" // propagators: xray
//
// A header without the field Parent, such as that of a load balancer, is not read, so that a new trace begins.
package xray

import (
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/propagators/internal/adapter"
)

func init() { registry.RegisterPropagator("xray", New) }

// New returns the propagator xray.
func New() propagation.TextMapPropagator {
	return adapter.New(adapter.Format{Propagator: xray.Propagator{}})
}
