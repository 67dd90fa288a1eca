package recording

import sdktrace "go.opentelemetry.io/otel/sdk/trace"

// Bare returns spans of this package whose embedded spans are nil, so that a method that is not defined here panics.
func Bare() []sdktrace.ReadOnlySpan {
	from := &source{pipeline: &New(Config{}).pipeline}
	b := &Body{source: from}
	return []sdktrace.ReadOnlySpan{b, &Span{source: from, body: b}}
}

// WithoutSpanKey runs f as if the API's context key were unknown.
func WithoutSpanKey(f func()) {
	defer func(key any) { spanKey = key }(spanKey)
	spanKey = nil
	f()
}

// KnowsSpanKey reports whether the context key of the API is known.
func KnowsSpanKey() bool { return spanKey != nil }

// KeepBody gives an ended span its body back, as a faulty End would leave it.
func KeepBody(s *Span, b *Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body, s.ended = b, false
}
