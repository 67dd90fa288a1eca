package recording

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// cutValue cuts the texts and bytes of a value, also those inside lists and maps, and reports whether it did. It
// follows the rules of the SDK, but the results are copies: a substring would keep the whole text in memory.
func cutValue(v attribute.Value, limit int) (attribute.Value, bool) {
	below := func(v attribute.Value) (attribute.Value, bool) { return cutValue(v, limit) }
	switch v.Type() {
	case attribute.STRING:
		if s, cut := cutText(v.AsString(), limit); cut {
			return attribute.StringValue(s), true
		}
	case attribute.BYTESLICE:
		if s := v.AsString(); len(s) > limit {
			return attribute.ByteSliceValue([]byte(s[:limit])), true
		}
	case attribute.STRINGSLICE:
		return cutTexts(v, limit)
	case attribute.SLICE:
		if list, cut := mappedValues(v.AsSlice(), below); cut {
			return attribute.SliceValue(list...), true
		}
	case attribute.MAP:
		if list, cut := mapped(v.AsMap(), below); cut {
			return attribute.MapValue(list...), true
		}
	}
	return v, false
}

func cutTexts(v attribute.Value, limit int) (attribute.Value, bool) {
	list, cut := v.AsStringSlice(), false
	for i, s := range list {
		var shorter bool
		list[i], shorter = cutText(s, limit)
		cut = cut || shorter
	}
	if !cut {
		return v, false
	}
	return attribute.StringSliceValue(list), true
}

// cutText leaves a text of at most limit bytes whole. From a longer one it removes the bytes that are not UTF-8, and
// keeps limit code points.
func cutText(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	points := 0
	for i := 0; i < len(s); points++ {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return cutInvalid(s, limit), true
		case points == limit:
			return strings.Clone(s[:i]), true
		}
		i += size
	}
	return s, false
}

// cutInvalid returns the first limit code points of a text that has bytes which are not UTF-8.
func cutInvalid(s string, limit int) string {
	var kept []byte
	for points := 0; len(s) > 0 && points < limit; {
		r, size := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError || size > 1 {
			kept = append(kept, s[:size]...)
			points++
		}
		s = s[size:]
	}
	return string(kept)
}
