package jaeger

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// shortTag is what a long string or binary tag of an oversize span is cut to, bytes.
const shortTag = 1024

// cut says what an oversize span goes without. A nil cut leaves everything in.
type cut struct {
	logs, tags parts
	next       int // index of the next tag of the span
}

// parts are the logs, or the tags that can be cut, of one span.
type parts struct {
	size []int        // bytes, by index; 0: cannot be cut
	gone map[int]bool // by index
}

func (p *parts) measure(i, size int) {
	for len(p.size) <= i {
		p.size = append(p.size, 0)
	}
	if !p.gone[i] {
		p.size[i] = size
	}
}

// take marks the largest parts until they make up excess, and returns what is left of it.
func (p *parts) take(excess int, saved func(size int) int) (left int, any bool) {
	order := make([]int, 0, len(p.size))
	for i, size := range p.size {
		if size > 0 && !p.gone[i] {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p.size[j], p.size[i]) })
	for _, i := range order {
		if excess <= 0 {
			break
		}
		if p.gone == nil {
			p.gone = make(map[int]bool)
		}
		p.gone[i], any = true, true
		excess -= saved(p.size[i])
	}
	return excess, any
}

func (c *cut) droppedLogs() int {
	if c == nil {
		return 0
	}
	return len(c.logs.gone)
}

func (c *cut) drops(log int) bool { return c != nil && c.logs.gone[log] }

func (c *cut) logSize(log, size int) {
	if c != nil {
		c.logs.measure(log, size)
	}
}

func (c *cut) more(excess int) bool {
	left, logs := c.logs.take(excess, func(size int) int { return size })
	if left <= 0 {
		return true
	}
	_, tags := c.tags.take(left, func(size int) int { return size - shortTag })
	return logs || tags
}

// fit writes s within room: without its largest logs, then with its longest tags cut, as much of both as
// it takes. It says false, and returns b as it was, when even that is not enough.
func (w *writer) fit(b []byte, s sdktrace.ReadOnlySpan, room int) ([]byte, bool) {
	w.cut = new(cut)
	defer func() { w.cut = nil }()
	at := len(b)
	var seen repairs
	for {
		w.cut.next = 0
		b = w.span(b[:at], s)
		seen |= w.repair
		excess := len(b) - at - room
		if excess <= 0 {
			w.repair = seen | repairTruncated
			return b, true
		}
		if !w.cut.more(excess) {
			return b[:at], false
		}
	}
}

// cutTag is tag for a span that is too large.
func (w *writer) cutTag(b []byte, kv *attribute.KeyValue, limit int) []byte {
	i := w.cut.next
	w.cut.next++
	if w.cut.tags.gone[i] {
		kv = &attribute.KeyValue{Key: kv.Key, Value: shorten(kv.Value, limit)}
	}
	from := len(b)
	b = w.tag(b, spanTags, kv, limit)
	size := len(b) - from - len(kv.Key)
	if size <= shortTag {
		size = 0
	}
	w.cut.tags.measure(i, size)
	return b
}

// shorten cuts the text of v to 1 KiB, or to limit code points if that is less: between two code
// points, or between two elements of an array or map.
func shorten(v attribute.Value, limit int) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		text, _ := spantext.Clean(v.AsString())
		return attribute.StringValue(spantext.CutBytes(text, shortTag))
	case attribute.BYTESLICE:
		data := v.AsByteSlice()
		return attribute.ByteSliceValue(data[:min(len(data), shortTag)])
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64, attribute.EMPTY:
		return v
	}
	if limit <= 0 || limit > shortTag {
		limit = shortTag
	}
	text, _ := spantext.AppendValue(nil, v, limit)
	for len(text) > shortTag { // code points of several bytes
		limit = limit * shortTag / len(text)
		text, _ = spantext.AppendValue(text[:0], v, limit)
	}
	return attribute.StringValue(string(text))
}
