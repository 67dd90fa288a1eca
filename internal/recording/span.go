package recording

import (
	"context"
	rt "runtime/trace"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/undecided"
)

// A Span is the handle of a recorded span: the program calls its methods until it ends the span. It is safe for
// concurrent use, also during and after End.
//
// The handle belongs to the program and is never reused for another span. The body holds the content, and belongs to the
// handle until End. The embedded span has no content. It provides the unexported methods of the interface, and methods of
// later versions.
type Span struct {
	sdktrace.ReadWriteSpan

	source  *source
	context trace.SpanContext
	in      context.Context // for metrics only: the context that holds the span
	decider undecided.Trace // of a local root that is decided at its end, nil otherwise

	mu     sync.Mutex // guards what follows, and the body until End
	body   *Body      // nil after End if bodies are pooled
	ended  bool
	task   *rt.Task    // of the execution tracer
	local  *localTrace // undecided, or nil; of a local root nil until a child starts
	judged *judgement  // by Discard
}

// recorded returns the body if s is recording, and nil otherwise. The caller holds mu.
func (s *Span) recorded() *Body {
	if s.ended {
		return nil
	}
	return s.body
}

// SpanContext returns the ids of the span.
func (s *Span) SpanContext() trace.SpanContext { return s.context }

// TracerProvider returns the provider of the span.
func (s *Span) TracerProvider() trace.TracerProvider { return s.source.provider }

// IsRecording reports whether End was not called yet.
func (s *Span) IsRecording() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended
}

// SetName replaces the name.
func (s *Span) SetName(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.recorded(); b != nil {
		b.name = name
	}
}

// SetStatus sets the status, unless a higher one is set: Ok is above Error, and Error above Unset. Only an Error has a
// description.
func (s *Span) SetStatus(code codes.Code, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.recorded()
	if b == nil || b.status.Code > code {
		return
	}
	b.status = sdktrace.Status{Code: code}
	if code == codes.Error {
		b.status.Description = description
	}
}

// SetAttributes sets attributes. A later value of a key replaces an earlier one. It copies the list.
func (s *Span) SetAttributes(attributes ...attribute.KeyValue) {
	if len(attributes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.recorded(); b != nil {
		b.setAttributes(attributes, &s.source.limits)
	}
}

// AddEvent adds an event.
func (s *Span) AddEvent(name string, options ...trace.EventOption) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.recorded(); b != nil {
		b.addEvent(name, trace.NewEventConfig(options...), &s.source.limits)
	}
}

// AddLink adds a link, unless it is empty.
func (s *Span) AddLink(link trace.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.recorded(); b != nil {
		b.addLink(link, &s.source.limits)
	}
}

// addChild counts a span that was started below s, and returns the undecided local trace of s.
func (s *Span) addChild() *localTrace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.recorded(); b != nil {
		b.children++
		if s.decider != nil && s.local == nil {
			s.local = s.newLocalTrace(b)
		}
	}
	return s.local
}

// startTask starts a task of the execution tracer if the tracer is enabled. The task ends with s.
func (s *Span) startTask(in context.Context, name string) context.Context {
	if !rt.IsEnabled() {
		return in
	}
	in, task := rt.NewTask(in, name)
	s.mu.Lock()
	s.task = task
	s.mu.Unlock()
	return in
}
