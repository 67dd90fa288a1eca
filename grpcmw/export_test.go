package grpcmw

import (
	"google.golang.org/grpc/stats"
)

// ServerStatsHandler is the stats handler of ServerOptions, for fuzzing without a connection.
func ServerStatsHandler(opts ...ServerOption) stats.Handler {
	return &serverStats{in: newServerInstrumentation(opts)}
}

// WithoutSpanKey runs f as if the key of trace.SpanFromContext were unknown.
func WithoutSpanKey(f func()) {
	defer func(key any) { spanKey = key }(spanKey)
	spanKey = nil
	f()
}
