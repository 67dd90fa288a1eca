package recording

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var bodies = sync.Pool{New: func() any { return new(Body) }}

// maxKept is the maximum capacity of the list of attributes of a body in the pool. Queues count the capacity of spans, so
// a larger list would cost spans that do not need it.
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

// A roomyBody is a body with room for the attributes of a request, in one allocation.
type roomyBody struct {
	Body
	room [roomOfRequest]attribute.KeyValue
}

// roomOfRequest is the usual maximum number of attributes of a span of mw and grpcmw.
const roomOfRequest = 14

// newRoomyBody is newBody for a span that is expected to have the attributes of a request.
func newRoomyBody(pooled bool) *Body {
	if pooled {
		return newBody(pooled)
	}
	b := new(roomyBody)
	b.attributes.list = b.room[:0]
	return &b.Body
}

// Release ends the use of a body by a sink. The last call returns the body to the pool, unless a span processor received
// it too.
func (b *Body) Release() {
	left := b.refs.Add(-1)
	if poisoning && left < 0 {
		panic("recording: a body is released too often")
	}
	if left == 0 {
		b.discard()
	}
}

// discard returns the body to the pool, unless a span processor received it. Nothing else refers to it.
func (b *Body) discard() {
	if !b.pooled {
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

// poison overwrites a released body. The race detector reports a goroutine that still reads it.
func (b *Body) poison() {
	b.name, b.status = poisonText, sdktrace.Status{Code: codes.Error, Description: poisonText}
	b.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xde, 0xad}, SpanID: trace.SpanID{0xde, 0xad}})
	b.parent = b.context
	b.attributes.list = append(b.attributes.list, attribute.String(poisonText, poisonText))
	b.refs.Store(poisoned)
}
