//go:build race

package recording

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// poisoned is the number of references of a body in the pool.
const poisoned = -1 << 20

// poisonText is the text of a released body, in each of its fields.
const poisonText = "released span"

// checked returns b. It panics if b was released.
func (b *Body) checked() *Body {
	if b.refs.Load() <= poisoned/2 {
		panic("recording: a body is read after its release")
	}
	return b
}

// checkRelease panics if a body is released more often than it was taken.
func checkRelease(left int32) {
	if left < 0 {
		panic("recording: a body is released too often")
	}
}

// poison fills a released body with content that is wrong everywhere. A goroutine that still reads it races with this.
func (b *Body) poison() {
	b.name, b.status = poisonText, sdktrace.Status{Code: codes.Error, Description: poisonText}
	b.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xde, 0xad}, SpanID: trace.SpanID{0xde, 0xad}})
	b.parent, b.kind, b.start, b.end = b.context, 0, time.Time{}, time.Time{}
	b.attributes.list = append(b.attributes.list[:0], attribute.String(poisonText, poisonText))
	b.refs.Store(poisoned)
}

// recycle removes the poison.
func (b *Body) recycle() {
	list := b.attributes.list[:0]
	clear(list[:cap(list)])
	*b = Body{}
	b.attributes.list = list
}
