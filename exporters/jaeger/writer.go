package jaeger

import (
	"time"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// repairs are what was changed in one span; the low bits are spantext's.
type repairs uint8

const (
	repairUTF8  = repairs(spantext.UTF8)
	repairValue = repairs(spantext.Value)

	repairDuration repairs = 1 << (iota + 2)
	repairStart
	repairTruncated
)

// writer encodes spans by the mapping, in one encoding. It is not safe for concurrent use.
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

// scopeTags are the tags of the scope that the last span had. Many spans in a row share theirs.
type scopeTags struct {
	known         bool
	name, version string
	bytes         []byte
	n             int
	repair        repairs
}

// The instants both encodings can hold: protobuf's Timestamp ends with the year 9999.
var (
	firstInstant = time.Unix(0, 0)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
)

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

// clean makes names and keys valid UTF-8. No limit cuts those, but they are cut in a span that does
// not fit a packet.
func (w *writer) clean(s string) string {
	s, r := spantext.Clean(s)
	w.repair |= repairs(r)
	return w.cut.text(s)
}
