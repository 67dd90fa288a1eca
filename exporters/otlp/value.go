package otlp

import (
	"go.opentelemetry.io/otel/attribute"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

func (t *tree) keyValues(attrs []attribute.KeyValue) []*commonpb.KeyValue {
	if len(attrs) == 0 {
		return nil
	}
	out := t.pointers(len(attrs))
	for i := range attrs {
		out[i] = t.keyValue(&attrs[i])
	}
	return out
}

// keyValue does scalars itself, in slabs; what holds other values goes the longer way.
func (t *tree) keyValue(kv *attribute.KeyValue) *commonpb.KeyValue {
	p := t.pair()
	p.kv.Key = t.text(string(kv.Key))
	p.kv.Value = &p.value
	t.set(&p.value, kv.Value)
	return &p.kv
}

// maxDepth is how deep arrays and maps nest. Receivers refuse a whole request for one value that is
// deeper than their protobuf library goes: 100 messages in C++, Java and Python, and a map in a map is three.
const maxDepth = 24

func (t *tree) set(into *commonpb.AnyValue, v attribute.Value) {
	t.bound += 3 * framing
	if v.Type() == attribute.MAP || v.Type() == attribute.SLICE {
		if t.depth == maxDepth {
			into.Value = t.flat(v)
			return
		}
		t.depth++
		defer func() { t.depth-- }()
	}
	switch v.Type() {
	case attribute.STRING:
		s := t.newString()
		s.StringValue = t.value(v.AsString())
		into.Value = s
	case attribute.INT64:
		n := t.newInt()
		n.IntValue = v.AsInt64()
		into.Value = n
	case attribute.BOOL:
		into.Value = &commonpb.AnyValue_BoolValue{BoolValue: v.AsBool()}
	case attribute.FLOAT64:
		t.setDouble(into, v.AsFloat64())
	case attribute.BYTESLICE:
		data := v.AsByteSlice()
		t.bound += len(data)
		into.Value = &commonpb.AnyValue_BytesValue{BytesValue: data}
	case attribute.MAP:
		into.Value = &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: t.keyValues(v.AsMap())}}
	case attribute.EMPTY:
	default:
		into.Value = &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: t.elements(v)}}
	}
}

// setDouble keeps NaN and the infinities as numbers, as upstream and the protocol do, unless the receiver fails on them:
// the query API of Jaeger answers 500 for a whole trace that holds one (v1.42.0).
func (t *tree) setDouble(into *commonpb.AnyValue, f float64) {
	if word := spantext.Special(f); word != "" && t.encoder.wordsForNonFinite {
		t.fixed |= spantext.Value
		t.bound += len(word)
		into.Value = &commonpb.AnyValue_StringValue{StringValue: word}
		return
	}
	into.Value = &commonpb.AnyValue_DoubleValue{DoubleValue: f}
}

// flat is what nests too deep, as JSON text.
func (t *tree) flat(v attribute.Value) *commonpb.AnyValue_StringValue {
	text, fixed := spantext.AppendValue(nil, v, t.encoder.limit)
	t.fixed |= fixed | spantext.Value
	t.bound += len(text)
	return &commonpb.AnyValue_StringValue{StringValue: string(text)}
}

// value cleans and cuts a string value.
func (t *tree) value(s string) string {
	s, fixed := spantext.Clean(s)
	t.fixed |= fixed
	s = spantext.Cut(s, t.encoder.limit)
	t.bound += len(s)
	return s
}

func (t *tree) elements(v attribute.Value) []*commonpb.AnyValue {
	switch v.Type() {
	case attribute.STRINGSLICE:
		return each(t, v.AsStringSlice(), attribute.StringValue)
	case attribute.INT64SLICE:
		return each(t, v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return each(t, v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.BOOLSLICE:
		return each(t, v.AsBoolSlice(), attribute.BoolValue)
	}
	return each(t, v.AsSlice(), func(v attribute.Value) attribute.Value { return v })
}

func each[E any](t *tree, elems []E, value func(E) attribute.Value) []*commonpb.AnyValue {
	out := make([]*commonpb.AnyValue, len(elems))
	block := make([]commonpb.AnyValue, len(elems))
	for i, e := range elems {
		t.set(&block[i], value(e))
		out[i] = &block[i]
	}
	return out
}
