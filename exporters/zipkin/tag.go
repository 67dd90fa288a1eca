package zipkin

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A tag is written once for all spans of a resource or scope: `,"key":"value"`.
type tag struct {
	key   attribute.Key
	text  []byte
	fixed spantext.Repair
	off   bool // an `error` tag of "false", which Zipkin reads as an error
}

// tags are those of a resource or a scope.
type tags []tag

// has reports whether a tag has the key.
func (ts tags) has(k attribute.Key) bool {
	for i := range ts {
		if ts[i].key == k {
			return true
		}
	}
	return false
}

// render writes an attribute as a tag. limit is the maximum of the value in code points; keys are not cut.
func render(kv attribute.KeyValue, limit int) tag {
	t := tag{key: kv.Key, off: isFalse(&kv)}
	var fixedKey, fixedValue spantext.Repair
	t.text, fixedKey = spantext.AppendQuoted([]byte{','}, string(kv.Key), 0)
	t.text = append(t.text, ':')
	t.text, fixedValue = spantext.AppendQuotedValue(t.text, kv.Value, limit)
	t.fixed = fixedKey | fixedValue
	return t
}

// keys is a filter: a key whose bit is not set has not been seen. It makes the search for equal keys of span, scope and
// resource rare.
type keys uint64

// bit returns the filter with the one bit of the key. Keys differ most in length, first, middle and last byte.
func bit(k attribute.Key) keys {
	n := len(k)
	if n == 0 {
		return 1
	}
	return 1 << ((uint(n)*7 + uint(k[0]) + uint(k[n-1])*31 + uint(k[n/2])*13) % 64)
}

// maybe reports whether the key may have been seen.
func (ks keys) maybe(k attribute.Key) bool { return ks&bit(k) != 0 }

// isFalse reports whether the attribute is an `error` tag with the text "false".
func isFalse(kv *attribute.KeyValue) bool {
	if kv.Key != "error" {
		return false
	}
	switch kv.Value.Type() {
	case attribute.BOOL:
		return !kv.Value.AsBool()
	case attribute.STRING:
		return kv.Value.AsString() == "false"
	}
	return false
}

// later reports whether the key is in attrs: the last attribute of a name takes precedence. A search is faster than a
// map, since a span has few attributes.
func later(attrs []attribute.KeyValue, k attribute.Key) bool {
	for i := range attrs {
		if attrs[i].Key == k {
			return true
		}
	}
	return false
}
