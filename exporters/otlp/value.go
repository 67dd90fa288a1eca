package otlp

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// Fields of KeyValue, AnyValue and of the messages for arrays and maps.
const (
	keyField, valueField = 1, 2

	stringField, boolField, intField, doubleField = 1, 2, 3, 4
	arrayField, mapField, bytesField              = 5, 6, 7

	elementsField = 1
)

// maxDepth is the maximum depth to which arrays and maps nest. Receivers reject a whole request for one value that is
// deeper than their protobuf library reads: 100 messages in C++, Java and Python, where a map in a map takes three.
const maxDepth = 24

// attributes appends each attribute as a KeyValue message.
func (w *writer) attributes(field byte, list []attribute.KeyValue) {
	for i := range list {
		w.keyValue(field, list[i].Key, &list[i].Value)
	}
}

// keyValue appends one KeyValue message.
func (w *writer) keyValue(field byte, key attribute.Key, value *attribute.Value) {
	pair := w.begin(field)
	w.text(keyField, string(key))
	w.anyValue(valueField, value)
	w.end(pair)
}

// anyValue appends an AnyValue message. The message of an empty value has no fields. A value is a oneof, in which a
// field with the zero value is not left out: it shows the type.
func (w *writer) anyValue(field byte, v *attribute.Value) {
	start := w.begin(field)
	switch v.Type() {
	case attribute.STRING:
		w.string(stringField, w.cut(v.AsString()))
	case attribute.INT64:
		w.varint(intField, uint64(v.AsInt64()))
	case attribute.BOOL:
		w.bool(v.AsBool())
	case attribute.FLOAT64:
		w.float(v.AsFloat64())
	case attribute.BYTESLICE:
		w.string(bytesField, v.AsString()) // the same bytes as AsByteSlice returns, without its copy
	case attribute.EMPTY:
	default:
		w.nested(v)
	}
	w.end(start)
}

// bool appends a boolean, also if it is false: the field shows the type of the value.
func (w *writer) bool(b bool) {
	if b {
		w.varint(boolField, 1)
		return
	}
	w.varint(boolField, 0)
}

// float keeps NaN and the infinities as numbers, as upstream and the protocol do, unless the receiver fails on them:
// the query API of Jaeger v1.42.0 responds with 500 for a whole trace that contains one.
func (w *writer) float(f float64) {
	if word := spantext.Special(f); word != "" && w.words {
		w.fixed |= spantext.Value
		w.string(stringField, word)
		return
	}
	w.double(doubleField, f)
}

// cut cleans a string value and applies the limit. Names, keys and descriptions are not cut: max_tag_value_length is a
// limit of values.
func (w *writer) cut(s string) string {
	s, fixed := spantext.Clean(s)
	w.fixed |= fixed
	return spantext.Cut(s, w.limit)
}

// nested appends an array or a map. Below the maximum depth, maps and arrays of values become JSON text.
func (w *writer) nested(v *attribute.Value) {
	deep := v.Type() == attribute.MAP || v.Type() == attribute.SLICE
	if deep && w.depth == maxDepth {
		w.json(v)
		return
	}
	if deep {
		w.depth++
		defer func() { w.depth-- }()
	}
	if v.Type() == attribute.MAP {
		start := w.begin(mapField)
		w.attributes(elementsField, v.AsMap())
		w.end(start)
		return
	}
	start := w.begin(arrayField)
	w.elements(v)
	w.end(start)
}

// json appends v as JSON text, which counts as a repair.
func (w *writer) json(v *attribute.Value) {
	text, fixed := spantext.AppendValue(nil, *v, w.limit)
	w.fixed |= fixed | spantext.Value
	w.string(stringField, string(text))
}

// elements appends the elements of an array as AnyValue messages.
func (w *writer) elements(v *attribute.Value) {
	switch v.Type() {
	case attribute.STRINGSLICE:
		each(w, v.AsStringSlice(), attribute.StringValue)
	case attribute.INT64SLICE:
		each(w, v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		each(w, v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.BOOLSLICE:
		each(w, v.AsBoolSlice(), attribute.BoolValue)
	case attribute.SLICE:
		each(w, v.AsSlice(), func(v attribute.Value) attribute.Value { return v })
	}
}

// each appends elements of one type as values.
func each[E any](w *writer, elements []E, value func(E) attribute.Value) {
	for _, e := range elements {
		v := value(e)
		w.anyValue(elementsField, &v)
	}
}
