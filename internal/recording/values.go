package recording

import "go.opentelemetry.io/otel/attribute"

// shallow empties lists and maps below depth levels, and keeps the last value of each key of a map. A negative depth means
// no limit. It reports whether v changed.
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

// lastOfEach removes all but the last attribute of each key from a list that is sorted by key. It changes the list.
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
