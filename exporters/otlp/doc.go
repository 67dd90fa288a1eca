// Package otlp exports spans by the OpenTelemetry protocol, over gRPC, HTTP with protobuf, or HTTP with
// JSON.
//
//	import _ "github.com/spanroute/spanroute/exporters/otlp"
//
//	tracing:
//	  exporter_type: otlp
//	  otlp: {protocol: http, endpoint: "http://collector:4318/v1/traces", compression: gzip}
//
// The section may be empty or absent; spans then go by gRPC in plaintext to localhost:4317. Building the
// exporter reads certificate files and nothing else: it dials when the first batch is due. Queueing,
// splitting, retry and accounting are those of exporters/delivery.
//
// Messages are those of opentelemetry-proto; encoding and sending are the kit's own. Upstream's clients
// (otlptracegrpc and otlptracehttp v1.47.0) were tried: they read OTEL_* in their constructors, and write
// header values they cannot parse to standard error, whatever options they are given. Their output is
// what the tests compare with. Strings are made valid UTF-8, because one bad byte would lose the
// whole request.
package otlp
