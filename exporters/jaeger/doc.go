// Package jaeger exports spans to Jaeger. Import it and the exporter type jaeger exists:
//
//	import _ "github.com/spanroute/spanroute/exporters/jaeger"
//
// A program without a configuration file opens it by itself:
//
//	open, err := registry.Default().Prepare("jaeger", map[string]any{
//		"protocol":           "grpc",
//		"collector_endpoint": "http://localhost:14250",
//	})
//	exporter, err := open(ctx, registry.Common{Name: "jaeger", Logger: slog.Default()})
//
// A section that sets nothing sends to the agent at localhost:6831 over UDP. A collector is chosen by
// its endpoint, and is then the only destination:
//
//	jaeger: {collector_endpoint: "http://jaeger:14268/api/traces"}
//	jaeger: {protocol: grpc, collector_endpoint: "http://jaeger:14250"}
//
// # What is sent
//
// Spans are mapped as the OpenTelemetry specification v1.49.0 says (common/mapping-to-non-otlp.md, and
// sdk_exporters/jaeger.md before its removal), with what that leaves out: scope attributes,
// tracestate as w3c.tracestate, dropped counts, arrays and maps as JSON text. Thrift and protobuf are
// written straight from the SDK's spans; what a receiver reads is compared, in the tests, with what
// jaeger-idl v0.14.0 decodes.
//
// # UDP
//
// The agent never answers, so everything that can be known beforehand is: a packet's length is exact
// and within max_packet_size, packets leave no faster than max_bytes_per_second, because a receive buffer
// overflows unseen, and a span that fits no packet is sent without its largest logs and with its longest
// tags cut, marked spanroute.truncated. A refusal by the host takes the last packet back. The rest is
// the nature of UDP: a packet lost on the way is counted as delivered.
package jaeger
