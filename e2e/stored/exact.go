package stored

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Exact returns the span as OTLP represents it: all fields are kept, texts are valid UTF-8, a negative duration becomes
// 0, and a start before 1970 becomes 0.
func Exact(s sdktrace.ReadOnlySpan) Span {
	start := max(0, s.StartTime().UnixNano())
	span := Span{
		TraceID: s.SpanContext().TraceID().String(), SpanID: s.SpanContext().SpanID().String(),
		Name: clean(s.Name()), Kind: kindOf(s.SpanKind()),
		Start: start, Duration: max(0, s.EndTime().UnixNano()-start),
		Status: statusOf(s.Status().Code), StatusText: statusText(s.Status()),
		TraceState: s.SpanContext().TraceState().String(),
		Attributes: attributesOf(s.Attributes(), otlpText),
		Dropped:    Dropped{s.DroppedAttributes(), s.DroppedEvents(), s.DroppedLinks()},
	}
	if s.Parent().SpanID().IsValid() {
		span.Parent = s.Parent().SpanID().String()
	}
	for _, e := range s.Events() {
		span.Events = append(span.Events, Event{clean(e.Name), e.Time.UnixNano(), attributesOf(e.Attributes, otlpText), e.DroppedAttributeCount})
	}
	for _, l := range s.Links() {
		span.Links = append(span.Links, Link{
			l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String(), l.SpanContext.TraceState().String(),
			attributesOf(l.Attributes, otlpText), l.DroppedAttributeCount,
		})
	}
	span.Service, span.Resource = splitService(attributesOf(s.Resource().Attributes(), otlpText))
	scope := s.InstrumentationScope()
	span.Scope = Scope{clean(scope.Name), clean(scope.Version), attributesOf(scopeAttributes(s), otlpText)}
	return span
}

func scopeAttributes(s sdktrace.ReadOnlySpan) []attribute.KeyValue {
	scope := s.InstrumentationScope()
	return scope.Attributes.ToSlice()
}

func clean(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func kindOf(k trace.SpanKind) string {
	if k == trace.SpanKindUnspecified {
		return ""
	}
	return k.String()
}

func statusOf(c codes.Code) string {
	switch c {
	case codes.Ok:
		return "ok"
	case codes.Error:
		return "error"
	}
	return ""
}

func statusText(s sdktrace.Status) string { return clean(s.Description) }

// attributesOf renders attributes by text, which makes of a key and a value one text.
func attributesOf(list []attribute.KeyValue, text func(key string, v attribute.Value) string) []string {
	var texts []string
	for _, kv := range list {
		texts = append(texts, text(clean(string(kv.Key)), kv.Value))
	}
	return sorted(texts)
}

// otlpText keeps the type of every value.
func otlpText(key string, v attribute.Value) string {
	switch v.Type() {
	case attribute.STRING:
		return textOf(key, clean(v.AsString()))
	case attribute.BOOL:
		return boolOf(key, v.AsBool())
	case attribute.INT64:
		return intOf(key, v.AsInt64())
	case attribute.FLOAT64:
		return doubleOf(key, v.AsFloat64())
	case attribute.BYTESLICE:
		return bytesOf(key, v.AsByteSlice())
	case attribute.MAP:
		return nestedOf(key, "map", "{"+strings.Join(attributesOf(v.AsMap(), otlpText), ", ")+"}")
	case attribute.EMPTY:
		return nestedOf(key, "empty", "")
	}
	var texts []string
	for _, e := range elements(v) {
		_, text, _ := strings.Cut(otlpText("", e), "=")
		texts = append(texts, text)
	}
	return nestedOf(key, "array", "["+strings.Join(texts, ", ")+"]")
}

// elements are the values of an array of any type.
func elements(v attribute.Value) []attribute.Value {
	switch v.Type() {
	case attribute.STRINGSLICE:
		return each(v.AsStringSlice(), attribute.StringValue)
	case attribute.BOOLSLICE:
		return each(v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		return each(v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return each(v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.SLICE:
		return v.AsSlice()
	}
	panic(fmt.Sprintf("no array: %v", v.Type()))
}

func each[T any](list []T, value func(T) attribute.Value) (values []attribute.Value) {
	for _, e := range list {
		values = append(values, value(e))
	}
	return values
}
