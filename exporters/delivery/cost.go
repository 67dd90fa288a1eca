package delivery

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// What a span keeps alive is estimated, not measured: these are the fixed parts, in bytes.
const (
	costSpan      = 512
	costAttribute = 64
	costPart      = 128 // an event or a link
	costElement   = 16  // of an array
)

// Cost estimates the bytes that a span keeps alive, which is what a queue is bounded by. It
// allocates only for attributes that are arrays, maps or bytes, since OpenTelemetry hands
// those out as copies.
func Cost(span sdktrace.ReadOnlySpan) int64 {
	n := costSpan + len(span.Name()) + len(span.Status().Description)
	n += attributesCost(span.Attributes())
	for _, event := range span.Events() {
		n += costPart + len(event.Name) + attributesCost(event.Attributes)
	}
	for _, link := range span.Links() {
		n += costPart + attributesCost(link.Attributes)
	}
	return int64(n)
}

func attributesCost(list []attribute.KeyValue) int {
	n := 0
	for i := range list {
		n += costAttribute + len(list[i].Key) + valueCost(&list[i].Value)
	}
	return n
}

// valueCost is what a value holds beyond the fixed part of its attribute.
func valueCost(v *attribute.Value) int {
	switch v.Type() {
	case attribute.STRING:
		return len(v.AsString())
	case attribute.BYTESLICE:
		return len(v.AsByteSlice())
	case attribute.BOOLSLICE:
		return len(v.AsBoolSlice())
	case attribute.INT64SLICE:
		return 8 * len(v.AsInt64Slice())
	case attribute.FLOAT64SLICE:
		return 8 * len(v.AsFloat64Slice())
	case attribute.STRINGSLICE:
		return stringsCost(v.AsStringSlice())
	case attribute.SLICE:
		return valuesCost(v.AsSlice())
	case attribute.MAP:
		return attributesCost(v.AsMap())
	default:
		return 0
	}
}

func stringsCost(list []string) int {
	n := costElement * len(list)
	for _, s := range list {
		n += len(s)
	}
	return n
}

func valuesCost(list []attribute.Value) int {
	n := costAttribute * len(list)
	for i := range list {
		n += valueCost(&list[i])
	}
	return n
}
