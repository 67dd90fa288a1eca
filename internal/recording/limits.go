package recording

import (
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// limits are the limits of spans. The values of attributes are brought within them when they are set: lists and maps
// that are nested too deeply become empty, a map keeps the last value of each key, and long texts are cut.
type limits struct{ sdktrace.SpanLimits }

func newLimits(l sdktrace.SpanLimits) limits {
	if l.AttributeValueDepthLimit == 0 {
		l.AttributeValueDepthLimit = sdktrace.DefaultAttributeValueDepthLimit
	}
	return limits{l}
}

// fits reports whether v is surely within the limits.
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

// shallow empties lists and maps below depth levels, and leaves each map one value of a key, the last. A negative depth
// is not a limit. It reports whether v changed.
func shallow(v attribute.Value, depth int) (attribute.Value, bool) {
	switch v.Type() {
	case attribute.BOOLSLICE, attribute.INT64SLICE, attribute.FLOAT64SLICE, attribute.STRINGSLICE, attribute.BYTESLICE,
		attribute.SLICE, attribute.MAP:
		if depth == 0 {
			return attribute.Value{}, true
		}
	}
	below := func(v attribute.Value) (attribute.Value, bool) { return shallow(v, depth-1) }
	switch v.Type() {
	case attribute.SLICE:
		if list, changed := mappedValues(v.AsSlice(), below); changed {
			return attribute.SliceValue(list...), true
		}
	case attribute.MAP:
		distinct, fewer := lastOfEach(v.AsMap())
		if list, changed := mapped(distinct, below); changed || fewer {
			return attribute.MapValue(list...), true
		}
	}
	return v, false
}

// lastOfEach removes all but the last attribute of each key from a list that is sorted by key. It uses the list.
func lastOfEach(list []attribute.KeyValue) ([]attribute.KeyValue, bool) {
	kept := list[:0]
	for i := range list {
		if i+1 == len(list) || list[i+1].Key != list[i].Key {
			kept = append(kept, list[i])
		}
	}
	return kept, len(kept) < len(list)
}

// mapped returns list with f of each value, and whether f changed one. It returns list itself if f did not.
func mapped(list []attribute.KeyValue, f func(attribute.Value) (attribute.Value, bool)) ([]attribute.KeyValue, bool) {
	changed := false
	for i := range list {
		v, other := f(list[i].Value)
		if !other {
			continue
		}
		if !changed {
			list, changed = append(make([]attribute.KeyValue, 0, len(list)), list...), true
		}
		list[i].Value = v
	}
	return list, changed
}

// mappedValues replaces each value of a list by f of it, and reports whether f changed one.
func mappedValues(list []attribute.Value, f func(attribute.Value) (attribute.Value, bool)) ([]attribute.Value, bool) {
	changed := false
	for i := range list {
		var other bool
		list[i], other = f(list[i])
		changed = changed || other
	}
	return list, changed
}
