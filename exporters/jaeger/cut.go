package jaeger

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// droppedCounts holds the numbers of attributes, events and links that were set on a span and are not sent.
type droppedCounts struct{ attributes, events, links int }

// A cut is the form in which an oversize span is written, so that it fits a packet. A nil cut leaves a span whole.
//
// How it works. Every text, names and keys included, is cut to bound bytes. Short texts stay whole, so that the longest
// ones share the room evenly. Parts in gone are left out. While the span is written, the cut collects the lengths of the
// texts, and the sizes of the parts: from those, a fitting computes the next bound and the next parts to drop.
type cut struct {
	bound   int
	lengths []int // of the texts of the last pass, before the bound
	parts
}

// text returns s, cut to the bound between two code points.
func (c *cut) text(s string) string {
	if c == nil {
		return s
	}
	c.lengths = append(c.lengths, len(s))
	return spantext.CutBytes(s, c.bound)
}

// data returns b, cut to the bound.
func (c *cut) data(b []byte) []byte {
	if c == nil {
		return b
	}
	c.lengths = append(c.lengths, len(b))
	return b[:min(len(b), c.bound)]
}

// json returns text, which is v as JSON, cut to the bound between two elements, so that it remains JSON.
func (c *cut) json(text []byte, v attribute.Value) []byte {
	if c == nil {
		return text
	}
	c.lengths = append(c.lengths, len(text))
	switch {
	case len(text) <= c.bound:
		return text
	case c.bound < len("[]"):
		return nil
	}
	head := text[:c.bound-1] // 1: the closing bracket
	for len(head) > 0 && !utf8.RuneStart(text[len(head)]) {
		head = head[:len(head)-1]
	}
	short, _ := spantext.AppendValue(nil, v, utf8.RuneCount(head)+1)
	return short
}

// share returns the largest bound that makes texts of these lengths shorter by excess bytes or more, all
// together. It is negative if no bound does.
func share(lengths []int, excess int) int {
	slices.SortFunc(lengths, func(a, b int) int { return cmp.Compare(b, a) })
	sum := 0
	for i, length := range lengths {
		sum += length
		next := 0
		if i+1 < len(lengths) {
			next = lengths[i+1]
		}
		if sum-(i+1)*next >= excess {
			return (sum - excess) / (i + 1)
		}
	}
	return -1
}

// drops reports whether a part is left out.
func (c *cut) drops(id partID) bool {
	if c == nil {
		return false
	}
	_, gone := c.gone[id]
	return gone
}

// wrote records the size of a part that was written.
func (c *cut) wrote(id partID, r rank, size int) {
	if c != nil {
		c.written = append(c.written, part{id, r, size})
	}
}

// leastFields is the minimum size in bytes of the fields of a log whose loss saves room: a field with their number replaces
// them.
const leastFields = 48

// wroteFields ends the fields of a log that began when mark parts were written.
func (c *cut) wroteFields(mark int) {
	if c == nil {
		return
	}
	sum, counted := 0, false // counted: the log has that field already
	for _, x := range c.written[mark:] {
		sum += x.size
		counted = counted || c.fields[x.id.i] > 0
	}
	if sum <= leastFields && !counted {
		c.written = c.written[:mark]
	}
}

// mark returns the number of parts that were written.
func (c *cut) mark() int {
	if c == nil {
		return 0
	}
	return len(c.written)
}

// dropped returns the dropped counts of s, with the parts that the cut leaves out.
func (c *cut) dropped(s sdktrace.ReadOnlySpan) droppedCounts {
	d := droppedCounts{s.DroppedAttributes(), s.DroppedEvents(), s.DroppedLinks()}
	if c == nil {
		return d
	}
	for id := range c.gone {
		switch id.in {
		case spanTags:
			d.attributes++
		case logs:
			d.events++
		case references:
			d.links++
		}
	}
	return d
}

// droppedFields returns the number of fields that the cut leaves out of log i.
func (c *cut) droppedFields(i int) int {
	if c == nil {
		return 0
	}
	return c.fields[i]
}
