package recording

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The methods of sdktrace.ReadOnlySpan return copies, which do not change with the span. After End they return the
// recorded content if bodies are not pooled. Otherwise only the span context, the scope and the resource remain.

// readable returns the body, or an empty one. The caller holds mu.
func (s *Span) readable() *Body {
	if s.body == nil {
		return &released
	}
	return s.body
}

// released is the content of a handle whose body belongs to the sinks.
var released Body

// Name returns the name.
func (s *Span) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().name
}

// Parent returns the span context of the parent.
func (s *Span) Parent() trace.SpanContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().parent
}

// SpanKind returns the kind.
func (s *Span) SpanKind() trace.SpanKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().kind
}

// StartTime returns the time of the start.
func (s *Span) StartTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().start
}

// EndTime returns the time of the end, or zero before it.
func (s *Span) EndTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().end
}

// Attributes returns a copy of the attributes.
func (s *Span) Attributes() []attribute.KeyValue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.readable().attributes.list)
}

// Links returns a copy of the links.
func (s *Span) Links() []sdktrace.Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sdktrace.Link{}, s.readable().links.list...)
}

// Events returns a copy of the events.
func (s *Span) Events() []sdktrace.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sdktrace.Event{}, s.readable().events.list...)
}

// Status returns the status.
func (s *Span) Status() sdktrace.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().status
}

// DroppedAttributes returns the number of attributes that were invalid or above the limit.
func (s *Span) DroppedAttributes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().attributes.dropped
}

// DroppedLinks returns the number of links that later ones replaced.
func (s *Span) DroppedLinks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().links.dropped
}

// DroppedEvents returns the number of events that later ones replaced.
func (s *Span) DroppedEvents() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().events.dropped
}

// ChildSpanCount returns the number of spans that were started below the span.
func (s *Span) ChildSpanCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readable().children
}

// Resource returns the resource of the provider.
func (s *Span) Resource() *resource.Resource { return s.source.resource }

// InstrumentationScope returns the scope of the tracer.
func (s *Span) InstrumentationScope() instrumentation.Scope { return s.source.scope }

// InstrumentationLibrary returns the scope under its old name.
func (s *Span) InstrumentationLibrary() instrumentation.Library { //nolint:staticcheck // a method of the interface
	return s.source.scope
}
