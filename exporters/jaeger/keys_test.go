package jaeger_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// mappingKeys are all keys that the mapping writes into the tags of a span.
var mappingKeys = []string{
	"span.kind", "error", "otel.status_code", "otel.status_description",
	"otel.scope.name", "otel.scope.version", "otel.library.name", "otel.library.version", "w3c.tracestate",
	"otel.dropped_attributes_count", "otel.dropped_events_count", "otel.dropped_links_count",
}

func impostors(keys ...string) []attribute.KeyValue {
	var kvs []attribute.KeyValue
	for _, k := range keys {
		kvs = append(kvs, attribute.String(k, "mine"))
	}
	return kvs
}

// everything makes the mapping write all of its tags.
func everything(s *tracetest.SpanStub) {
	s.SpanKind = trace.SpanKindServer
	s.Status = sdktrace.Status{Code: codes.Error, Description: "boom"}
	s.InstrumentationScope.Name, s.InstrumentationScope.Version = "lib", "1.2"
	s.DroppedAttributes, s.DroppedEvents, s.DroppedLinks = 3, 4, 5
	state, _ := trace.ParseTraceState("vendor=abc")
	s.SpanContext = s.SpanContext.WithTraceState(state)
}

var everyTag = []tag{
	{"span.kind", "server"}, {"otel.status_code", "ERROR"}, {"error", true}, {"otel.status_description", "boom"},
	{"otel.scope.name", "lib"}, {"otel.library.name", "lib"}, {"otel.scope.version", "1.2"}, {"otel.library.version", "1.2"},
	{"w3c.tracestate", "vendor=abc"},
	{"otel.dropped_attributes_count", int64(3)}, {"otel.dropped_events_count", int64(4)}, {"otel.dropped_links_count", int64(5)},
}

func TestMappingTagsReplaceAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tracetest.SpanStub)
	}{
		{"attributes of the span", func(s *tracetest.SpanStub) { s.Attributes = impostors(mappingKeys...) }},
		{"attributes of the scope", func(s *tracetest.SpanStub) {
			s.InstrumentationScope = instrumentation.Scope{Attributes: attribute.NewSet(impostors(mappingKeys...)...)}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			everyEncoding(t, 0, base(tt.change, everything), func(t *testing.T, _ batch, got span, _ *delivery.Report) {
				wantTags(t, "tags", got.Tags, everyTag...)
			})
		})
	}
}

func TestAttributesKeepKeysThatTheMappingDoesNotWrite(t *testing.T) {
	t.Parallel()
	s := base(func(s *tracetest.SpanStub) { s.Attributes = impostors(append(mappingKeys, "spanroute.truncated")...) })
	everyEncoding(t, 0, s, func(t *testing.T, _ batch, got span, _ *delivery.Report) {
		var want []tag
		for _, kv := range s.Attributes {
			want = append(want, tag{string(kv.Key), "mine"})
		}
		wantTags(t, "tags", got.Tags, want...)
	})
}

func TestMappingFieldsReplaceAttributes(t *testing.T) {
	t.Parallel()
	kvs := impostors("event", "trace_id", "span_id", "otel.dropped_attributes_count")
	s := base(func(s *tracetest.SpanStub) {
		s.Events = []sdktrace.Event{
			{Name: "with a count", Time: epoch, Attributes: kvs, DroppedAttributeCount: 2},
			{Name: "without", Time: epoch, Attributes: kvs},
		}
		s.Links = []sdktrace.Link{
			{SpanContext: spanContext(otherTrace, otherSpan), Attributes: kvs, DroppedAttributeCount: 2},
			{SpanContext: spanContext(otherTrace, otherSpan), Attributes: kvs},
		}
	})
	link := []tag{{"event", "link"}, {"trace_id", otherTrace.String()}, {"span_id", otherSpan.String()}}
	event := []tag{{"event", "mine"}, {"trace_id", "mine"}, {"span_id", "mine"}}
	own, counted := tag{"otel.dropped_attributes_count", "mine"}, tag{"otel.dropped_attributes_count", int64(2)}
	everyEncoding(t, 0, s, func(t *testing.T, _ batch, got span, _ *delivery.Report) {
		wantTags(t, "event with a count", got.Logs[0].Fields, append(event[:3:3], counted)...)
		wantTags(t, "event without", got.Logs[1].Fields, append(event[:3:3], own)...)
		wantTags(t, "link with a count", got.Logs[2].Fields, append(link[:3:3], counted)...)
		wantTags(t, "link without", got.Logs[3].Fields, append(link[:3:3], own)...)
	})
}

func TestClientIDReplacesAttribute(t *testing.T) {
	t.Parallel()
	s := base(func(s *tracetest.SpanStub) {
		s.Resource = resource.NewSchemaless(attribute.String("service.name", "MySvc"), attribute.String("client-uuid", "mine"))
	})
	for _, protocol := range []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary} {
		p := packer(protocol, 0, func(s *jaeger.Settings) { s.Thrift.ClientStats = true })
		body := p.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, new(delivery.Report))[0]
		tags := decodePacket(t, body, protocol == jaeger.ProtocolUDPBinary).Tags
		if len(tags) != 1 || tags[0].Key != "client-uuid" || tags[0].Value == "mine" {
			t.Errorf("%s: process tags %v, want the exporter's client-uuid alone", protocol, tags)
		}
	}
}
