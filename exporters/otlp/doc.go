// Package otlp exports spans by the OpenTelemetry protocol, over gRPC, HTTP with protobuf, or HTTP with
// JSON.
//
//	import _ "github.com/spanroute/spanroute/exporters/otlp"
//
//	tracing:
//	  exporter_type: otlp
//	  otlp: {protocol: http, endpoint: "http://collector:4318/v1/traces", compression: gzip}
//
// The key otlp.headers holds the headers for every protocol; otlp.http.headers and otlp.grpc.headers take precedence for
// theirs. NaN and infinite numbers stay numbers, as the protocol defines them. The query API of Jaeger fails on a
// trace that contains one: set otlp.non_finite to text for it.
//
// The section may be empty or absent; spans then go by gRPC in plaintext to localhost:4317. Building the
// exporter reads certificate files and nothing else: it dials when the first batch is due. Queueing,
// splitting, retry and accounting are those of exporters/delivery.
//
// The package writes requests in wire format itself and does not use the clients of OpenTelemetry (otlptracegrpc and
// otlptracehttp v1.47.0). Their constructors always read OTEL_* variables, and log what they cannot parse, also header
// values and passwords in endpoints. In spanroute only package config reads the environment, and secrets are not
// logged. The tests compare the requests with those of OpenTelemetry.
//
// One bad span does not lose its request: strings are made valid UTF-8, times are brought into the range of the format,
// and an array or map that nests deeper than receivers read becomes JSON text.
package otlp
