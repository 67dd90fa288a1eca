package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// appendRequest appends a request as OTLP JSON (specification v1.5.0, "JSON Protobuf Encoding"): ProtoJSON,
// but ids in hex and enumerations as numbers. Fields with the zero value are left out. protojson
// itself can do neither; the tests compare with otlptracehttp v1.47.0.
func appendRequest(b []byte, tree []*tracepb.ResourceSpans) []byte {
	j := object{buf: append(b, '{')}
	list(&j, "resourceSpans", tree, appendResource)
	return append(j.buf, '}')
}

// object writes the fields of JSON objects; each one ends with a field, a brace or nothing.
type object struct{ buf []byte }

func (j *object) name(key string) {
	if c := j.buf[len(j.buf)-1]; c != '{' {
		j.buf = append(j.buf, ',')
	}
	j.buf = append(append(append(j.buf, '"'), key...), `":`...)
}

func (j *object) raw(text string) { j.buf = append(j.buf, text...) }

func (j *object) quoted(s string) { j.buf, _ = spantext.AppendQuoted(j.buf, s, 0) }

func (j *object) text(key, s string) {
	if s != "" {
		j.name(key)
		j.quoted(s)
	}
}

func (j *object) number(key string, n uint32) {
	if n != 0 {
		j.name(key)
		j.buf = strconv.AppendUint(j.buf, uint64(n), 10)
	}
}

// nanos is a 64-bit number, which JSON cannot hold: a string.
func (j *object) nanos(key string, n uint64) {
	if n != 0 {
		j.name(key)
		j.buf = append(strconv.AppendUint(append(j.buf, '"'), n, 10), '"')
	}
}

func (j *object) id(key string, id []byte) {
	if len(id) != 0 {
		j.name(key)
		j.buf = append(hex.AppendEncode(append(j.buf, '"'), id), '"')
	}
}

func list[M any](j *object, key string, all []M, write func(*object, M)) {
	if len(all) == 0 {
		return
	}
	j.name(key)
	for i, m := range all {
		if i == 0 {
			j.raw("[{")
		} else {
			j.raw(",{")
		}
		write(j, m)
		j.raw("}")
	}
	j.raw("]")
}

func appendResource(j *object, rs *tracepb.ResourceSpans) {
	j.name("resource")
	j.raw("{")
	list(j, "attributes", rs.Resource.GetAttributes(), appendKeyValue)
	j.raw("}")
	list(j, "scopeSpans", rs.ScopeSpans, appendScope)
	j.text("schemaUrl", rs.SchemaUrl)
}

func appendScope(j *object, ss *tracepb.ScopeSpans) {
	if scope := ss.Scope; scope != nil {
		j.name("scope")
		j.raw("{")
		j.text("name", scope.Name)
		j.text("version", scope.Version)
		list(j, "attributes", scope.Attributes, appendKeyValue)
		j.raw("}")
	}
	list(j, "spans", ss.Spans, appendSpan)
	j.text("schemaUrl", ss.SchemaUrl)
}

func appendSpan(j *object, s *tracepb.Span) {
	j.id("traceId", s.TraceId)
	j.id("spanId", s.SpanId)
	j.text("traceState", s.TraceState)
	j.id("parentSpanId", s.ParentSpanId)
	j.number("flags", s.Flags)
	j.text("name", s.Name)
	j.number("kind", uint32(s.Kind))
	j.nanos("startTimeUnixNano", s.StartTimeUnixNano)
	j.nanos("endTimeUnixNano", s.EndTimeUnixNano)
	list(j, "attributes", s.Attributes, appendKeyValue)
	j.number("droppedAttributesCount", s.DroppedAttributesCount)
	list(j, "events", s.Events, appendEvent)
	j.number("droppedEventsCount", s.DroppedEventsCount)
	list(j, "links", s.Links, appendLink)
	j.number("droppedLinksCount", s.DroppedLinksCount)
	j.name("status")
	j.raw("{")
	j.text("message", s.Status.GetMessage())
	j.number("code", uint32(s.Status.GetCode()))
	j.raw("}")
}

func appendEvent(j *object, e *tracepb.Span_Event) {
	j.nanos("timeUnixNano", e.TimeUnixNano)
	j.text("name", e.Name)
	list(j, "attributes", e.Attributes, appendKeyValue)
	j.number("droppedAttributesCount", e.DroppedAttributesCount)
}

func appendLink(j *object, l *tracepb.Span_Link) {
	j.id("traceId", l.TraceId)
	j.id("spanId", l.SpanId)
	j.text("traceState", l.TraceState)
	list(j, "attributes", l.Attributes, appendKeyValue)
	j.number("droppedAttributesCount", l.DroppedAttributesCount)
	j.number("flags", l.Flags)
}

func appendKeyValue(j *object, kv *commonpb.KeyValue) {
	j.name("key")
	j.quoted(kv.Key)
	j.name("value")
	j.raw("{")
	appendAny(j, kv.Value)
	j.raw("}")
}

func appendAny(j *object, v *commonpb.AnyValue) {
	switch v := v.Value.(type) {
	case *commonpb.AnyValue_StringValue:
		j.name("stringValue")
		j.quoted(v.StringValue)
	case *commonpb.AnyValue_BoolValue:
		j.name("boolValue")
		j.buf = strconv.AppendBool(j.buf, v.BoolValue)
	case *commonpb.AnyValue_IntValue:
		j.name("intValue")
		j.buf = append(strconv.AppendInt(append(j.buf, '"'), v.IntValue, 10), '"')
	case *commonpb.AnyValue_DoubleValue:
		j.name("doubleValue")
		appendDouble(j, v.DoubleValue)
	case *commonpb.AnyValue_BytesValue:
		j.name("bytesValue")
		j.buf = append(base64.StdEncoding.AppendEncode(append(j.buf, '"'), v.BytesValue), '"')
	case *commonpb.AnyValue_ArrayValue:
		j.name("arrayValue")
		j.raw("{")
		list(j, "values", v.ArrayValue.Values, appendAny)
		j.raw("}")
	case *commonpb.AnyValue_KvlistValue:
		j.name("kvlistValue")
		j.raw("{")
		list(j, "values", v.KvlistValue.Values, appendKeyValue)
		j.raw("}")
	}
}

// appendDouble writes NaN and the infinities as ProtoJSON has them: words in quotes.
func appendDouble(j *object, f float64) {
	if word := spantext.Special(f); word != "" {
		j.quoted(word)
		return
	}
	j.buf = strconv.AppendFloat(j.buf, f, 'g', -1, 64)
}
