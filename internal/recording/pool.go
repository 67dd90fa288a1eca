package recording

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var bodies = sync.Pool{New: func() any { return new(Body) }}

// maxKept is the number of attributes for which a body in the pool keeps room. More would be charged to spans that do
// not need it.
const maxKept = 24

func newBody(pooled bool) *Body {
	if !pooled {
		return &Body{}
	}
	b := bodies.Get().(*Body)
	if poisoning {
		b.clear()
	}
	b.pooled = true
	return b
}

// Release ends the use of a body by a sink, which must not read it afterwards. The last release makes the body
// available to other spans, unless a span processor got it too.
func (b *Body) Release() {
	left := b.refs.Add(-1)
	if poisoning && left < 0 {
		panic("recording: a body is released too often")
	}
	if left != 0 || !b.pooled {
		return
	}
	b.clear()
	if poisoning {
		b.poison()
	}
	bodies.Put(b)
}

// clear removes the content, but not the room for attributes.
func (b *Body) clear() {
	list := b.attributes.list
	clear(list)
	if cap(list) > maxKept {
		list = nil
	}
	*b = Body{}
	b.attributes.list = list[:0]
}

// poisonText is the text of a released body, in each of its fields.
const poisonText = "released span"

// poison fills a released body with content that is wrong everywhere. A goroutine that still reads it races with this.
func (b *Body) poison() {
	b.name, b.status = poisonText, sdktrace.Status{Code: codes.Error, Description: poisonText}
	b.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xde, 0xad}, SpanID: trace.SpanID{0xde, 0xad}})
	b.parent = b.context
	b.attributes.list = append(b.attributes.list, attribute.String(poisonText, poisonText))
	b.refs.Store(poisoned)
}
