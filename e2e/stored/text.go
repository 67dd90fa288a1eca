package stored

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
)

// plain is the text of a value in formats that have only text (see docs/exporters.md).
func plain(v attribute.Value) string {
	switch v.Type() {
	case attribute.STRING:
		return clean(v.AsString())
	case attribute.BOOL:
		return strconv.FormatBool(v.AsBool())
	case attribute.INT64:
		return strconv.FormatInt(v.AsInt64(), 10)
	case attribute.BYTESLICE:
		return base64.StdEncoding.EncodeToString(v.AsByteSlice())
	case attribute.FLOAT64:
		if text, odd := oddNumber(v.AsFloat64()); odd {
			return text
		}
	}
	return jsonOf(tree(v, kit), false)
}

// dialect defines how JSON represents values without a JSON type or with several possible spellings.
type dialect struct {
	number  func(float64) any // of a finite one
	noBytes any               // of an empty list of bytes
}

// The dialects of spanroute, and of receivers that write JSON with encoding/json.
var (
	kit      = dialect{func(f float64) any { return json.Number(strconv.FormatFloat(f, 'g', -1, 64)) }, ""}
	receiver = dialect{func(f float64) any { return f }, nil}
)

// oddNumber is the representation of NaN and the infinities, which JSON cannot represent.
func oddNumber(f float64) (text string, odd bool) {
	switch {
	case math.IsNaN(f):
		return "NaN", true
	case math.IsInf(f, 1):
		return "Infinity", true
	case math.IsInf(f, -1):
		return "-Infinity", true
	}
	return "", false
}

// tree converts a value for encoding/json, in a dialect.
func tree(v attribute.Value, d dialect) any {
	switch v.Type() {
	case attribute.BOOL:
		return v.AsBool()
	case attribute.INT64:
		return v.AsInt64()
	case attribute.FLOAT64:
		if text, odd := oddNumber(v.AsFloat64()); odd {
			return text
		}
		return d.number(v.AsFloat64())
	case attribute.BYTESLICE:
		if len(v.AsByteSlice()) == 0 {
			return d.noBytes
		}
		return plain(v)
	case attribute.STRING:
		return plain(v)
	case attribute.MAP:
		return object(v.AsMap(), d)
	case attribute.EMPTY:
		return nil
	}
	list := []any{}
	for _, e := range elements(v) {
		list = append(list, tree(e, d))
	}
	return list
}

func object(list []attribute.KeyValue, d dialect) map[string]any {
	m := make(map[string]any)
	for _, kv := range list {
		m[clean(string(kv.Key))] = tree(kv.Value, d)
	}
	return m
}

// jsonOf writes JSON on one line, keys sorted; spanroute does not escape for HTML, some receivers do.
func jsonOf(v any, escapeHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
