// Package all links every propagator of spanroute into a program, for those who choose it in the configuration:
//
//	import _ "github.com/spanroute/spanroute/registry/propagators/all"
//
// A program that needs only one imports that one's package instead, and is smaller. tracecontext and baggage need no
// import.
package all

import (
	_ "github.com/spanroute/spanroute/registry/propagators/b3"      // propagators: b3 or b3multi
	_ "github.com/spanroute/spanroute/registry/propagators/jaeger"  // propagators: jaeger
	_ "github.com/spanroute/spanroute/registry/propagators/ottrace" // propagators: ottrace
	_ "github.com/spanroute/spanroute/registry/propagators/xray"    // propagators: xray
)
