package recording

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// limits are the limits of spans. They apply to a value when it is set: lists and maps that are nested too deeply become
// empty, a map keeps the last value of each key, and long texts are cut.
type limits struct{ sdktrace.SpanLimits }

func newLimits(l sdktrace.SpanLimits) limits {
	if l.AttributeValueDepthLimit == 0 {
		l.AttributeValueDepthLimit = sdktrace.DefaultAttributeValueDepthLimit
	}
	return limits{l}
}

// fits reports whether v is a value of an ordinary type within the limits, which [limits.value] would not change.
func (l *limits) fits(v *attribute.Value) bool {
	switch v.Type() {
	case attribute.STRING:
		return l.AttributeValueLengthLimit < 0 || len(v.AsString()) <= l.AttributeValueLengthLimit
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64:
		return true
	}
	return false
}

// value returns the value of an attribute of a span within the limits.
func (l *limits) value(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.SLICE, attribute.MAP:
		v, _ = shallow(v, l.AttributeValueDepthLimit)
	}
	if l.AttributeValueLengthLimit >= 0 {
		v, _ = cutValue(v, l.AttributeValueLengthLimit)
	}
	return v
}

// values returns the attributes of an event or a link, whose texts are not cut. It returns the list itself if nothing
// changes.
func (l *limits) values(list []attribute.KeyValue) []attribute.KeyValue {
	list, _ = mapped(list, func(v attribute.Value) (attribute.Value, bool) { return shallow(v, l.AttributeValueDepthLimit) })
	return list
}

// set returns the attributes of a scope, whose texts are not cut.
func (l *limits) set(s attribute.Set) attribute.Set {
	if s.Len() == 0 {
		return s
	}
	list, changed := mapped(s.ToSlice(), func(v attribute.Value) (attribute.Value, bool) { return shallow(v, l.AttributeValueDepthLimit) })
	if !changed {
		return s
	}
	return attribute.NewSet(list...)
}
