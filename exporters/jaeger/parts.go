package jaeger

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A part is what an oversize span can lose as a whole: the reference of a link, an attribute, the log of an event or of a
// link, or a field of such a log.
type part struct {
	id   partID
	rank rank
	size int // bytes
}

// A partID identifies a part of a span, in every attempt to write it.
type partID struct {
	in       section
	i, field int // index in the section; index of the field
}

// A rank orders parts: those of the lowest rank are dropped first.
type rank uint8

const (
	rankField     rank = iota // of a log; an event keeps its name, and its exception's type and message
	rankLog                   // an event, a link's log, a link's reference
	rankAttribute             // of the span or its scope
	rankException             // an event that describes an exception
)

// parts holds the parts of one span: those that the last attempt wrote, and those that are left out. Parts are left out from
// the lowest rank upwards, the largest first, which costs the fewest parts. What was left out too much is restored in the
// reverse order.
type parts struct {
	written []part          // of the last pass
	gone    map[partID]part // dropped
	order   []partID        // of gone, the last one dropped last
	fields  map[int]int     // number of fields gone, by log
}

// begin begins an attempt to write the span.
func (p *parts) begin() { p.written = p.written[:0] }

// remove leaves out parts of the lowest rank, the largest first, until their sizes add up to excess. It reports false if
// every part is left out already.
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

// drop leaves out one part.
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

// listHead is the maximum number of bytes by which the head of a list grows with one more element.
const listHead = 8

// restore writes parts again that fit into free bytes, those that were left out last first. It reports whether it found any.
// A field of a log that is left out itself does not count.
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

// Keys of fields that stay with each event that stays.
const (
	keyExceptionType    = "exception.type"
	keyExceptionMessage = "exception.message"
)

// describes reports whether a field is one that stays with its event.
func describes(key attribute.Key) bool {
	return key == keyEvent || key == keyExceptionType || key == keyExceptionMessage
}

// rankOf returns the rank of an event: one that describes an exception is dropped last.
func rankOf(e *sdktrace.Event) rank {
	if has(e.Attributes, keyExceptionType) || has(e.Attributes, keyExceptionMessage) {
		return rankException
	}
	return rankLog
}
