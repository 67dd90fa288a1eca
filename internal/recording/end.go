package recording

import (
	"fmt"
	"reflect"
	"runtime"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// End ends the span: nothing changes it afterwards, and processors and sinks receive its body. A second End does nothing.
// A deferred End records a panic as an exception event, and the panic continues.
func (s *Span) End(options ...trace.SpanEndOption) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	b, task := s.body, s.task
	end := b.start.Add(time.Since(b.start)) // monotonic
	s.mu.Unlock()

	config := trace.NewSpanEndConfig(options...)
	if at := config.Timestamp(); !at.IsZero() {
		end = at
	}
	var exception []trace.EventOption
	if !s.source.ignoresPanics {
		if v := recover(); v != nil {
			defer panic(v)
			exception = exceptionOptions(nil, v, fmt.Sprint(v), config.StackTrace())
		}
	}
	if task != nil {
		task.End()
	}
	if s.source.metrics != nil {
		defer s.source.metrics.live(s.in, -1, s)
	}
	s.finish(b, end, exception)
}

// finish completes the body and passes it on. It holds the lock while it writes, because the program may read s as a
// ReadOnlySpan.
func (s *Span) finish(b *Body, end time.Time, exception []trace.EventOption) {
	p := s.source.pipeline
	processors := *p.processors.Load()
	s.mu.Lock()
	if exception != nil {
		b.addEvent(semconv.ExceptionEventName, trace.NewEventConfig(exception...), &p.limits)
	}
	b.end = end
	b.ownStates()
	if len(processors) > 0 {
		b.pooled = false
	}
	if b.pooled {
		s.body = nil
	}
	local := s.local
	s.mu.Unlock()

	if s.decider != nil || local != nil {
		s.await(b, local)
		return
	}
	b.pass(processors)
}

// RecordError adds an exception event for err, which may be nil. It does not set the status.
func (s *Span) RecordError(err error, options ...trace.EventOption) {
	if err == nil || !s.IsRecording() {
		return
	}
	// err.Error may use the span, so the lock is not held.
	s.AddEvent(semconv.ExceptionEventName, exceptionOptions(options, err, err.Error(), stackTrace(options))...)
}

func stackTrace(options []trace.EventOption) bool {
	config := trace.NewEventConfig(options...)
	return config.StackTrace()
}

// exceptionOptions appends the attributes of an exception to a copy of options.
func exceptionOptions(options []trace.EventOption, v any, message string, withStack bool) []trace.EventOption {
	options = append(options[:len(options):len(options)],
		trace.WithAttributes(semconv.ExceptionType(typeName(v)), semconv.ExceptionMessage(message)))
	if withStack {
		options = append(options, trace.WithAttributes(semconv.ExceptionStacktrace(stack())))
	}
	return options
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.PkgPath() == "" && t.Name() == "" {
		return t.String() // such as *errors.errorString
	}
	return fmt.Sprintf("%s.%s", t.PkgPath(), t.Name())
}

// stack returns the beginning of the stack of the calling goroutine.
func stack() string {
	text := make([]byte, 2048)
	return string(text[:runtime.Stack(text, false)])
}

var _ sdktrace.ReadWriteSpan = (*Span)(nil)
