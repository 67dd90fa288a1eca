package jaeger

import (
	"math"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// attribute writes attribute i of the span and its scope, unless it is dropped.
func (w *writer) attribute(b []byte, i int, kv *attribute.KeyValue) []byte {
	id := partID{in: spanTags, i: i}
	if w.cut.drops(id) {
		return b
	}
	from := len(b)
	b = w.tag(b, spanTags, kv, w.limit)
	w.cut.wrote(id, rankAttribute, len(b)-from)
	return b
}

// userText writes text that is not an attribute: max_tag_value_length does not cut it.
func (w *writer) userText(b []byte, key, text string) []byte {
	return w.str(b, spanTags, key, w.clean(text))
}

// tag writes one attribute: as a tag of the same type if Jaeger has it, and otherwise as JSON text.
func (w *writer) tag(b []byte, in section, kv *attribute.KeyValue, limit int) []byte {
	key := w.clean(string(kv.Key))
	switch v := &kv.Value; v.Type() {
	case attribute.STRING:
		text, r := spantext.Clean(v.AsString())
		w.repair |= repairs(r)
		return w.str(b, in, key, w.cut.text(spantext.Cut(text, limit)))
	case attribute.BOOL:
		return w.boolean(b, in, key, v.AsBool())
	case attribute.INT64:
		w.tags++
		return w.wire.long(b, in, key, v.AsInt64())
	case attribute.FLOAT64:
		return w.double(b, in, key, v.AsFloat64())
	case attribute.BYTESLICE:
		data := v.AsByteSlice()
		if limit > 0 && len(data) > limit {
			data = data[:limit]
		}
		w.tags++
		return w.wire.binary(b, in, key, w.cut.data(data))
	default:
		text, r := spantext.AppendValue(w.text[:0], *v, limit)
		w.text = text
		w.repair |= repairs(r)
		return w.str(b, in, key, string(w.cut.json(text, *v)))
	}
}

// str writes a tag with a text that is clean and cut already.
func (w *writer) str(b []byte, in section, key, value string) []byte {
	w.tags++
	return w.wire.str(b, in, key, value)
}

// boolean writes a tag with a boolean.
func (w *writer) boolean(b []byte, in section, key string, value bool) []byte {
	w.tags++
	return w.wire.boolean(b, in, key, value)
}

// double writes NaN and the infinities as text: Jaeger's query API fails on a trace that holds one as a number.
func (w *writer) double(b []byte, in section, key string, value float64) []byte {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		w.repair |= repairValue
		return w.str(b, in, key, spantext.Special(value))
	}
	w.tags++
	return w.wire.double(b, in, key, value)
}

// count writes a tag with a number, unless that is 0.
func (w *writer) count(b []byte, in section, key string, n int) []byte {
	if n == 0 {
		return b
	}
	w.tags++
	return w.wire.long(b, in, key, int64(n))
}
