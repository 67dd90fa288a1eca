package delivery

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// cutAttributes returns list with every text cut to limit code points, and whether it cut any. Otherwise it
// returns list itself. What it cuts are copies.
func cutAttributes(list []attribute.KeyValue, limit int) ([]attribute.KeyValue, bool) {
	if limit < 0 {
		return list, false
	}
	cut := false
	for i := range list {
		v, shorter := cutValue(list[i].Value, limit)
		if !shorter {
			continue
		}
		if !cut {
			list, cut = slices.Clone(list), true
		}
		list[i].Value = v
	}
	return list, cut
}

// cutValue cuts the texts and bytes of a value, also those inside lists and maps.
func cutValue(v attribute.Value, limit int) (attribute.Value, bool) {
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
		return cutValues(v, limit)
	case attribute.MAP:
		if list, cut := cutAttributes(v.AsMap(), limit); cut {
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

func cutValues(v attribute.Value, limit int) (attribute.Value, bool) {
	list, cut := v.AsSlice(), false
	for i, one := range list {
		var shorter bool
		list[i], shorter = cutValue(one, limit)
		cut = cut || shorter
	}
	if !cut {
		return v, false
	}
	return attribute.SliceValue(list...), true
}

// cutText cuts s by the rules of the SDK: a text of at most limit bytes stays whole; of a longer one the bytes
// that are not UTF-8 go, and limit code points stay.
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
