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
//	exporter, err := open(ctx, registry.BuildContext{Delivery: delivery.Options{Logger: slog.Default()}})
//
// A section that sets nothing sends to the agent at localhost:6831 over UDP. A collector is chosen by
// its endpoint, and is then the only destination:
//
//	jaeger: {collector_endpoint: "http://jaeger:14268/api/traces"}
//	jaeger: {protocol: grpc, collector_endpoint: "http://jaeger:14250"}
//
// # What is sent
//
// Spans are mapped by the OpenTelemetry specification v1.49.0 (common/mapping-to-non-otlp.md, and
// sdk_exporters/jaeger.md before its removal), with what that leaves out: scope attributes,
// tracestate as w3c.tracestate, dropped counts, arrays and maps as JSON text. Thrift and protobuf are
// written straight from the SDK's spans; what a receiver reads is compared, in the tests, with what
// jaeger-idl v0.14.0 decodes.
//
// Where an attribute has the key of a tag that the mapping writes, such as span.kind, otel.status_code
// or w3c.tracestate, the mapping's tag is sent and the attribute is not: each key is there once. The
// exception is an event's attribute named event, which replaces the event's name.
//
// # UDP
//
// The agent never answers, so the exporter relies on what it can find out beforehand. A packet's length is
// exact and within max_packet_size. By default that is 65000 bytes, which is what Jaeger's agent and the
// Collector read; packets of several spans to another host have at most 8000 bytes, because larger ones travel
// in many fragments. A host that sends less (EMSGSIZE) loses no span: its limit is learnt.
//
// A span that does not fit a packet is cut to fit, and marked with the tag spanroute.truncated: its longest
// texts, names and keys included, share the room evenly. Only when 64 bytes of each are too much, parts are
// dropped: first fields of events other than the type and the message of an exception, then links and events,
// then attributes, then exceptions. They are added to otel.dropped_attributes_count,
// otel.dropped_events_count and otel.dropped_links_count.
//
// Packets leave no faster than max_bytes_per_second, because a receive buffer overflows unseen. On Linux
// the exporter also looks at the buffer of a receiver on the same host: it waits while more than half of it is
// taken, and sends a packet again that the receiver's socket dropped. Where the kernel reports that it has no
// room for a packet the pace is halved for a while. A refusal by the host takes the last packet back. The rest is
// the nature of UDP: a packet that is lost on the way to another host is counted as delivered.
package jaeger
