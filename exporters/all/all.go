// Package all links every exporter of spanroute into a program, for those who choose it in the
// configuration:
//
//	import _ "github.com/spanroute/spanroute/exporters/all"
//
// A program that needs only one imports that one's package instead, and is smaller.
package all

import (
	_ "github.com/spanroute/spanroute/exporters/console" // exporter_type: console
	_ "github.com/spanroute/spanroute/exporters/jaeger"  // exporter_type: jaeger
	_ "github.com/spanroute/spanroute/exporters/memory"  // exporter_type: memory
	_ "github.com/spanroute/spanroute/exporters/otlp"    // exporter_type: otlp
	_ "github.com/spanroute/spanroute/exporters/zipkin"  // exporter_type: zipkin
)
