package recording

import (
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Body holds the recorded content of a span. Once the span has ended, it never changes, and any number of goroutines may
// read it. It refers to no memory other than what its methods return: it has its own lists, and copies of tracestates and of
// texts that a limit cut.
//
// A body that a sink received is valid until its [Body.Release]. A body that a span processor received is always valid.
//
// The embedded span has no content. It provides the unexported method of the interface, and methods of later versions.
type Body struct {
	sdktrace.ReadOnlySpan

	refs   atomic.Int32 // sinks that have not released it
	pooled bool         // may be used again after the last release

	source          *source
	name            string
	context, parent trace.SpanContext
	kind            trace.SpanKind
	start, end      time.Time
	status          sdktrace.Status
	children        int

	attributes attributes
	events     queue[sdktrace.Event]
	links      queue[sdktrace.Link]
}

// poisoned is the number of references of a body in the pool, if bodies are poisoned.
const poisoned = -1 << 20

// checked returns b. Under the race detector it panics if b was released.
func (b *Body) checked() *Body {
	if poisoning && b.refs.Load() <= poisoned/2 {
		panic("recording: a body is read after its release")
	}
	return b
}

// OwnsMemory marks a span that refers to no memory other than what its methods return.
func (*Body) OwnsMemory() {}

// Name returns the name.
func (b *Body) Name() string { return b.checked().name }

// SpanContext returns the ids.
func (b *Body) SpanContext() trace.SpanContext { return b.checked().context }

// Parent returns the span context of the parent.
func (b *Body) Parent() trace.SpanContext { return b.checked().parent }

// SpanKind returns the kind.
func (b *Body) SpanKind() trace.SpanKind { return b.checked().kind }

// StartTime returns the time of the start.
func (b *Body) StartTime() time.Time { return b.checked().start }

// EndTime returns the time of the end.
func (b *Body) EndTime() time.Time { return b.checked().end }

// Attributes returns the attributes. The list must not be changed.
func (b *Body) Attributes() []attribute.KeyValue { return b.checked().attributes.list }

// Links returns the links. The list must not be changed.
func (b *Body) Links() []sdktrace.Link { return b.checked().links.list }

// Events returns the events. The list must not be changed.
func (b *Body) Events() []sdktrace.Event { return b.checked().events.list }

// Status returns the status.
func (b *Body) Status() sdktrace.Status { return b.checked().status }

// InstrumentationScope returns the scope of the tracer.
func (b *Body) InstrumentationScope() instrumentation.Scope { return b.checked().source.scope }

// InstrumentationLibrary returns the scope under its old name.
func (b *Body) InstrumentationLibrary() instrumentation.Library { //nolint:staticcheck // a method of the interface
	return b.checked().source.scope
}

// Resource returns the resource of the provider.
func (b *Body) Resource() *resource.Resource { return b.checked().source.resource }

// DroppedAttributes returns the number of attributes that were invalid or above the limit.
func (b *Body) DroppedAttributes() int { return b.checked().attributes.dropped }

// DroppedLinks returns the number of links that later ones replaced.
func (b *Body) DroppedLinks() int { return b.checked().links.dropped }

// DroppedEvents returns the number of events that later ones replaced.
func (b *Body) DroppedEvents() int { return b.checked().events.dropped }

// ChildSpanCount returns the number of spans that were started below the span.
func (b *Body) ChildSpanCount() int { return b.checked().children }
