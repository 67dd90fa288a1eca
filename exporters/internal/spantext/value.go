package spantext

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
)

// AppendValue appends the text of v: strings unchanged, booleans and numbers as JSON writes them,
// NaN and the infinities as bare words, bytes as base64, arrays and maps as JSON text, an empty value
// as nothing. The text has at most limit code points; 0 or less means no limit. Numbers, booleans and
// the two brackets of an array or map are never cut, even when the limit is smaller than they are.
func AppendValue(dst []byte, v attribute.Value, limit int) ([]byte, Repair) {
	switch v.Type() {
	case attribute.STRING:
		return AppendClean(dst, v.AsString(), limit)
	case attribute.FLOAT64:
		if word := Special(v.AsFloat64()); word != "" {
			return append(dst, word...), Value
		}
	case attribute.BYTESLICE:
		return appendBase64(dst, v.AsByteSlice(), limit), 0
	case attribute.EMPTY:
		return dst, 0
	}
	return AppendJSON(dst, v, limit)
}

// AppendJSON appends v as a JSON value: AppendValue's text, in quotes where JSON requires them. An empty
// value is null. The limit is that of AppendValue and counts before quoting.
func AppendJSON(dst []byte, v attribute.Value, limit int) ([]byte, Repair) {
	switch v.Type() {
	case attribute.STRING:
		return AppendQuoted(dst, v.AsString(), limit)
	case attribute.BOOL:
		return strconv.AppendBool(dst, v.AsBool()), 0
	case attribute.INT64:
		return strconv.AppendInt(dst, v.AsInt64(), 10), 0
	case attribute.FLOAT64:
		return appendFloat(dst, v.AsFloat64())
	case attribute.BYTESLICE:
		dst = append(dst, '"')
		dst = appendBase64(dst, v.AsByteSlice(), limit)
		return append(dst, '"'), 0
	case attribute.MAP:
		return appendMap(dst, v.AsMap(), limit)
	case attribute.EMPTY:
		return append(dst, "null"...), 0
	default:
		return appendArray(dst, v, limit)
	}
}

// AppendQuotedValue appends the text of v as a JSON string, for formats whose values are all strings, such as the tags
// of Zipkin.
func AppendQuotedValue(dst []byte, v attribute.Value, limit int) ([]byte, Repair) {
	switch v.Type() {
	case attribute.STRING:
		return AppendQuoted(dst, v.AsString(), limit)
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64, attribute.BYTESLICE, attribute.EMPTY:
		dst = append(dst, '"')
		dst, r := AppendValue(dst, v, limit)
		return append(dst, '"'), r
	}
	text, r := AppendValue(nil, v, limit) // its own quotes have to be escaped again
	return appendQuoted(dst, string(text)), r
}

// Special returns the word for a float that is not a JSON number: NaN, Infinity or -Infinity.
// It is empty for all others.
func Special(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return ""
}

func appendFloat(dst []byte, f float64) ([]byte, Repair) {
	if word := Special(f); word != "" {
		return appendQuoted(dst, word), Value
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), 0
}

func appendArray(dst []byte, v attribute.Value, limit int) ([]byte, Repair) {
	l := list{dst: append(dst, '['), limit: limit, end: ']'}
	switch v.Type() {
	case attribute.BOOLSLICE:
		each(&l, v.AsBoolSlice(), func(dst []byte, b bool) ([]byte, Repair) {
			return strconv.AppendBool(dst, b), 0
		})
	case attribute.INT64SLICE:
		each(&l, v.AsInt64Slice(), func(dst []byte, n int64) ([]byte, Repair) {
			return strconv.AppendInt(dst, n, 10), 0
		})
	case attribute.FLOAT64SLICE:
		each(&l, v.AsFloat64Slice(), appendFloat)
	case attribute.STRINGSLICE:
		each(&l, v.AsStringSlice(), func(dst []byte, s string) ([]byte, Repair) {
			return AppendQuoted(dst, s, 0)
		})
	case attribute.SLICE:
		each(&l, v.AsSlice(), func(dst []byte, v attribute.Value) ([]byte, Repair) {
			return AppendJSON(dst, v, 0)
		})
	}
	return l.close()
}

func appendMap(dst []byte, kvs []attribute.KeyValue, limit int) ([]byte, Repair) {
	l := list{dst: append(dst, '{'), limit: limit, end: '}'}
	each(&l, kvs, func(dst []byte, kv attribute.KeyValue) ([]byte, Repair) {
		dst, r := AppendQuoted(dst, string(kv.Key), 0)
		dst = append(dst, ':')
		dst, rv := AppendJSON(dst, kv.Value, 0)
		return dst, r | rv
	})
	return l.close()
}

// A list writes the elements of one JSON array or map, as many as fit.
type list struct {
	dst    []byte
	limit  int  // code points allowed, brackets included; <= 0: any number
	end    byte // the closing bracket
	runes  int  // code points of the elements so far, commas included
	repair Repair
}

// each writes elems until one does not fit. It removes that one again, and does not count its repairs.
func each[E any](l *list, elems []E, write func([]byte, E) ([]byte, Repair)) {
	for i, e := range elems {
		kept := len(l.dst)
		if i > 0 {
			l.dst = append(l.dst, ',')
		}
		var r Repair
		l.dst, r = write(l.dst, e)
		if l.limit > 0 {
			l.runes += utf8.RuneCount(l.dst[kept:])
			if l.runes+len("[]") > l.limit {
				l.dst = l.dst[:kept]
				return
			}
		}
		l.repair |= r
	}
}

func (l *list) close() ([]byte, Repair) {
	return append(l.dst, l.end), l.repair
}

// appendBase64 cuts the bytes, not the text, so that what is left decodes.
func appendBase64(dst, data []byte, limit int) []byte {
	if limit > 0 && base64.StdEncoding.EncodedLen(len(data)) > limit {
		data = data[:limit/4*3]
	}
	return base64.StdEncoding.AppendEncode(dst, data)
}
