package jaeger

import (
	"time"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// repairs is a set of the changes that one span needed. The low bits are those of package spantext.
type repairs uint8

const (
	repairUTF8  = repairs(spantext.UTF8)
	repairValue = repairs(spantext.Value)

	repairDuration repairs = 1 << (iota + 2)
	repairStart
	repairTruncated
)

// A writer encodes spans by the mapping to Jaeger's model, in one encoding. It is not safe for concurrent use.
//
// How it works. The methods of a writer decide what is written: which attributes become tags, which events become logs,
// what is cleaned or repaired. A wire decides how: each of its methods appends one field in Thrift or protobuf. The writer
// walks a span once, in the order in which all encodings have their fields. It counts the tags of the open list, because
// Thrift writes that count in front of the list. The tags of the scope are kept as bytes, since consecutive spans usually
// have the same scope.
//
// While a span is made to fit a packet, cut is set: it shortens texts, leaves out parts, and collects the sizes of what was
// written for the next attempt.
type writer struct {
	wire     wire
	limit    int  // of a tag's text, code points; 0: none
	linkLogs bool // write the attributes of links as logs

	text   []byte // scratch for the text of arrays and maps
	tags   int    // written so far in the open list
	repair repairs
	scope  scopeTags
	cut    *cut // nil: write everything
}

// scopeTags holds the encoded tags of the scope of the last span.
type scopeTags struct {
	known         bool
	name, version string
	bytes         []byte
	n             int
	repair        repairs
}

// The range of times that all encodings can hold: a protobuf Timestamp ends with the year 9999.
var (
	firstInstant = time.Unix(0, 0)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
)

// clamp returns the nearest time that the encodings can hold.
func (w *writer) clamp(t time.Time) time.Time {
	switch {
	case t.Before(firstInstant):
		w.repair |= repairStart
		return firstInstant
	case t.After(lastInstant):
		w.repair |= repairStart
		return lastInstant
	}
	return t
}

// clean returns a name or key as valid UTF-8. max_tag_value_length does not apply to those. They are cut only in a span that
// does not fit a packet.
func (w *writer) clean(s string) string {
	s, r := spantext.Clean(s)
	w.repair |= repairs(r)
	return w.cut.text(s)
}
