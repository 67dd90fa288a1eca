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
// theirs. NaN and infinite numbers stay numbers, as the protocol has them. The query API of Jaeger fails on a trace that
// holds one: set otlp.non_finite to text for it.
//
// The section may be empty or absent; spans then go by gRPC in plaintext to localhost:4317. Building the
// exporter reads certificate files and nothing else: it dials when the first batch is due. Queueing,
// splitting, retry and accounting are those of exporters/delivery.
//
// Messages are those of opentelemetry-proto; encoding and sending are the kit's own, and not those of
// upstream's clients (otlptracegrpc and otlptracehttp v1.47.0). Their constructors read OTEL_* whatever
// options they are given, and log what they cannot parse, header values and an endpoint's password
// included; here package config alone reads the environment, and no secret is printed. What upstream
// encodes is what the tests compare with.
//
// One span never loses its request: strings are made valid UTF-8, times are brought into the format's
// range, and an array or map that nests deeper than receivers read becomes JSON text.
package otlp
