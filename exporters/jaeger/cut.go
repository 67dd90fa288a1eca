package jaeger

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// droppedCounts are the numbers of what is not in a span, although it was recorded.
type droppedCounts struct{ attributes, events, links int }

// cut describes how an oversize span is made to fit. Every text in it, names and keys included, has at
// most bound bytes: the longest texts give way first and share the room evenly. Parts are dropped only
// where that is not enough. All methods accept nil, which leaves the span whole.
type cut struct {
	bound   int
	lengths []int // of the texts of the last pass, before the bound
	parts
}

// text returns s within the bound.
func (c *cut) text(s string) string {
	if c == nil {
		return s
	}
	c.lengths = append(c.lengths, len(s))
	return spantext.CutBytes(s, c.bound)
}

// data returns b within the bound.
func (c *cut) data(b []byte) []byte {
	if c == nil {
		return b
	}
	c.lengths = append(c.lengths, len(b))
	return b[:min(len(b), c.bound)]
}

// json returns text, which is v as JSON, within the bound: cut between two elements, so that it stays JSON.
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

// drops reports whether a part is gone.
func (c *cut) drops(id partID) bool {
	if c == nil {
		return false
	}
	_, gone := c.gone[id]
	return gone
}

// wrote notes the size of a part that was written.
func (c *cut) wrote(id partID, r rank, size int) {
	if c != nil {
		c.written = append(c.written, part{id, r, size})
	}
}

// leastFields is how much the fields of a log must make up, in bytes, for their loss to help: it is
// counted in a field of its own.
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

// mark is the number of parts written.
func (c *cut) mark() int {
	if c == nil {
		return 0
	}
	return len(c.written)
}

// dropped are the counts of s and what the cut adds to them.
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

// droppedFields is the number of fields that log i lost.
func (c *cut) droppedFields(i int) int {
	if c == nil {
		return 0
	}
	return c.fields[i]
}
