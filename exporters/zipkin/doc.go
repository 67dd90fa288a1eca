// Package zipkin exports spans as Zipkin v2 JSON over HTTP, to Zipkin, Jaeger and the OpenTelemetry
// Collector.
//
//	import _ "github.com/spanroute/spanroute/exporters/zipkin"
//
//	tracing:
//	  exporter_type: zipkin
//	  zipkin: {endpoint: "http://zipkin:9411/api/v2/spans", local_node_port: 8080}
//
// The section may be empty or absent; spans then go to http://localhost:9411/api/v2/spans. Building the
// exporter reads certificate files and nothing else: it dials when the first batch is due. Queueing,
// retry and accounting are those of exporters/delivery.
//
// What Zipkin cannot hold is repaired and counted: bad UTF-8, NaN, an end before the start, a start
// before 1970. Links and tracestate have no place in the format and are not sent.
package zipkin
