package mw

// WithoutSpanKey runs f as if the key of trace.SpanFromContext were unknown.
func WithoutSpanKey(f func()) {
	defer func(key any) { spanKey = key }(spanKey)
	spanKey = nil
	f()
}
