package otlp

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A writer appends protobuf fields to buf. It leaves out fields with the zero value, as proto3 does, except where a
// method states otherwise.
//
// How it works. The content of a message is appended before its length is known: begin reserves one byte for the
// length, and end fills it in. A message of 128 bytes or more needs a longer length; end then moves the content to
// make room. Most messages are attributes, which rarely need that, and a move costs less than computing every
// length in advance. Lengths are therefore canonical, and equal content gives equal bytes.
type writer struct {
	buf   []byte
	limit int             // maximum code points of a string value; 0 means no limit
	words bool            // write NaN and the infinities as text
	fixed spantext.Repair // what the texts and values written so far needed
	depth int             // arrays and maps around the current value
}

// begin appends the tag of a message field and one byte for its length. It returns where the content starts.
func (w *writer) begin(field byte) int {
	w.buf = append(w.buf, field<<3|byte(protowire.BytesType), 0)
	return len(w.buf)
}

// end sets the length of the message whose content starts at the index start.
func (w *writer) end(start int) {
	n := len(w.buf) - start
	if n < 0x80 {
		w.buf[start-1] = byte(n)
		return
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	var room [binary.MaxVarintLen64]byte
	w.buf = append(w.buf, room[:more]...)
	copy(w.buf[start+more:], w.buf[start:start+n])
	binary.PutUvarint(w.buf[start-1:], uint64(n))
}

// text appends a string that is not a value. Bytes that are not UTF-8 are replaced. Names and keys are usually valid,
// and Clean returns them without a copy.
func (w *writer) text(field byte, s string) {
	if s == "" {
		return
	}
	s, fixed := spantext.Clean(s)
	w.fixed |= fixed
	w.string(field, s)
}

// string appends the bytes of s, also if s is empty.
func (w *writer) string(field byte, s string) {
	w.buf = append(w.buf, field<<3|byte(protowire.BytesType))
	w.buf = protowire.AppendVarint(w.buf, uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// id appends the bytes of an id of a trace or span, zeros included.
func (w *writer) id(field byte, id []byte) {
	w.buf = append(w.buf, field<<3|byte(protowire.BytesType), byte(len(id)))
	w.buf = append(w.buf, id...)
}

// number appends an integer or an enumeration.
func (w *writer) number(field byte, n uint64) {
	if n != 0 {
		w.varint(field, n)
	}
}

// varint appends an integer, also if it is 0.
func (w *writer) varint(field byte, n uint64) {
	w.buf = append(w.buf, field<<3|byte(protowire.VarintType))
	w.buf = protowire.AppendVarint(w.buf, n)
}

// nanos appends a time.
func (w *writer) nanos(field byte, n uint64) {
	if n != 0 {
		w.buf = append(w.buf, field<<3|byte(protowire.Fixed64Type))
		w.buf = protowire.AppendFixed64(w.buf, n)
	}
}

// double appends a floating-point number, also if it is 0.
func (w *writer) double(field byte, f float64) {
	w.buf = append(w.buf, field<<3|byte(protowire.Fixed64Type))
	w.buf = protowire.AppendFixed64(w.buf, math.Float64bits(f))
}

// flags appends a 32-bit field. The flags of a span have the one field number that needs a tag of two bytes.
func (w *writer) flags(field protowire.Number, flags uint32) {
	w.buf = protowire.AppendTag(w.buf, field, protowire.Fixed32Type)
	w.buf = protowire.AppendFixed32(w.buf, flags)
}
