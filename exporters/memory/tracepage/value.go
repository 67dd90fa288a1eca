package tracepage

import (
	"encoding/base64"
	"strconv"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// unlimited is the room of a value that is shown whole.
const unlimited = -1

// valueText writes the text of one attribute value, as [spantext.AppendValue] has it, into the JSON string that is
// open in its stream: piece by piece, as far as there is room.
type valueText struct {
	*stream
	room int // bytes of text; unlimited means no limit
	cut  int // bytes that had no room
}

// value writes the text of v as a JSON string and returns how many bytes of it had no room.
func (s *stream) value(v attribute.Value, room int) (cut int) {
	s.next()
	s.buf = append(s.buf, '"')
	t := valueText{stream: s, room: room}
	switch v.Type() {
	case attribute.STRING:
		t.plain(v.AsString())
	case attribute.BYTESLICE:
		t.base64(v.AsByteSlice())
	case attribute.BOOLSLICE, attribute.INT64SLICE, attribute.FLOAT64SLICE, attribute.STRINGSLICE, attribute.SLICE, attribute.MAP:
		t.json(v)
	default:
		s.scratch, _ = spantext.AppendValue(s.scratch[:0], v, 0)
		put(&t, s.scratch)
	}
	s.buf = append(s.buf, '"')
	return t.cut
}

// put writes valid UTF-8.
func put[T string | []byte](t *valueText, text T) {
	n := len(text)
	if t.room >= 0 && n > t.room {
		for n = t.room; n > 0 && text[n]&0xC0 == 0x80; n-- { // not within a rune
		}
		t.cut += len(text) - n
		t.room = n
	}
	if t.room >= 0 {
		t.room -= n
	}
	if t.cut > 0 { // what comes later is cut, too, even if it were short enough
		t.room = 0
	}
	t.buf = spantext.AppendEscaped(t.buf, text[:n])
	t.wrote()
}

func (t *valueText) plain(text string) {
	for text != "" && t.err == nil {
		if t.room == 0 {
			t.cut += len(text)
			return
		}
		var piece string
		piece, text = nextPiece(text)
		put(t, piece)
	}
}

func (t *valueText) quoted(text string) {
	put(t, `"`)
	for text != "" && t.err == nil {
		var piece string
		piece, text = nextPiece(text)
		t.scratch = spantext.AppendEscaped(t.scratch[:0], piece)
		put(t, t.scratch)
	}
	put(t, `"`)
}

func (t *valueText) base64(data []byte) {
	const triples = streamPiece / 3 * 3 // so that padding comes at the end only
	for len(data) > 0 && t.err == nil {
		n := min(triples, len(data))
		t.scratch = base64.StdEncoding.AppendEncode(t.scratch[:0], data[:n])
		put(t, t.scratch)
		data = data[n:]
	}
}

// json writes the text of v as it stands in an array or a map.
func (t *valueText) json(v attribute.Value) {
	switch v.Type() {
	case attribute.STRING:
		t.quoted(v.AsString())
	case attribute.BYTESLICE:
		put(t, `"`)
		t.base64(v.AsByteSlice())
		put(t, `"`)
	case attribute.BOOLSLICE:
		array(t, v.AsBoolSlice(), func(t *valueText, b bool) { put(t, strconv.FormatBool(b)) })
	case attribute.INT64SLICE:
		array(t, v.AsInt64Slice(), func(t *valueText, n int64) { t.json(attribute.Int64Value(n)) })
	case attribute.FLOAT64SLICE:
		array(t, v.AsFloat64Slice(), func(t *valueText, f float64) { t.json(attribute.Float64Value(f)) })
	case attribute.STRINGSLICE:
		array(t, v.AsStringSlice(), (*valueText).quoted)
	case attribute.SLICE:
		array(t, v.AsSlice(), (*valueText).json)
	case attribute.MAP:
		t.entries(v.AsMap())
	default:
		t.scratch, _ = spantext.AppendJSON(t.scratch[:0], v, 0)
		put(t, t.scratch)
	}
}

func array[E any](t *valueText, elements []E, write func(*valueText, E)) {
	put(t, "[")
	for i, e := range elements {
		if i > 0 {
			put(t, ",")
		}
		write(t, e)
	}
	put(t, "]")
}

func (t *valueText) entries(entries []attribute.KeyValue) {
	put(t, "{")
	for i, e := range entries {
		if i > 0 {
			put(t, ",")
		}
		t.quoted(string(e.Key))
		put(t, ":")
		t.json(e.Value)
	}
	put(t, "}")
}
