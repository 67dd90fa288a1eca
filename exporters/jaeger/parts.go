package jaeger

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A part is something that an oversize span can lose as a whole: a link's reference, an attribute, an
// event or a link's log, or a field of one of those.
type part struct {
	id   partID
	rank rank
	size int // bytes
}

type partID struct {
	in       section
	i, field int // index in the section; index of the field
}

// rank orders parts by when they are dropped.
type rank uint8

const (
	rankField     rank = iota // of a log; an event keeps its name, and its exception's type and message
	rankLog                   // an event, a link's log, a link's reference
	rankAttribute             // of the span or its scope
	rankException             // an event that describes an exception
)

// parts are those of one span.
type parts struct {
	written []part          // of the last pass
	gone    map[partID]part // dropped
	order   []partID        // of gone, the last one dropped last
	fields  map[int]int     // number of fields gone, by log
}

func (p *parts) begin() { p.written = p.written[:0] }

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

// remove drops the parts of the lowest rank, the largest first, until they make up excess. It reports
// false without one.
func (p *parts) remove(excess int) bool {
	if len(p.written) == 0 {
		return false
	}
	slices.SortStableFunc(p.written, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.size, a.size))
	})
	for _, x := range p.written {
		if excess <= 0 || x.rank != p.written[0].rank {
			break
		}
		p.drop(x)
		excess -= x.size
	}
	return true
}

func (p *parts) drop(x part) {
	if p.gone == nil {
		p.gone, p.fields = make(map[partID]part), make(map[int]int)
	}
	p.gone[x.id] = x
	p.order = append(p.order, x.id)
	if x.id.in == fields {
		p.fields[x.id.i]++
	}
}

// listHead is what a list may grow by when it gets another element.
const listHead = 8

// restore takes back the parts that fit into free bytes, those that were dropped last first. It reports
// whether there were any.
func (p *parts) restore(free int) (any bool) {
	var left []partID
	for _, id := range slices.Backward(p.order) {
		x := p.gone[id]
		_, inside := p.gone[partID{in: logs, i: id.i}]
		if inside = inside && id.in == fields; inside || x.size+listHead > free {
			left = append(left, id)
			continue
		}
		free -= x.size + listHead
		delete(p.gone, id)
		if id.in == fields {
			p.fields[id.i]--
		}
		any = true
	}
	slices.Reverse(left)
	p.order = left
	return any
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

// keys that are kept with every event that is kept
const (
	keyExceptionType    = "exception.type"
	keyExceptionMessage = "exception.message"
)

func describes(key attribute.Key) bool {
	return key == keyEvent || key == keyExceptionType || key == keyExceptionMessage
}

// rankOf an event.
func rankOf(e *sdktrace.Event) rank {
	if has(e.Attributes, keyExceptionType) || has(e.Attributes, keyExceptionMessage) {
		return rankException
	}
	return rankLog
}
