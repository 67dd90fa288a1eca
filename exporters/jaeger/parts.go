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
