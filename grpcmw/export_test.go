package grpcmw

import (
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"
)

// ServerStatsHandler is the stats handler of ServerOptions, for fuzzing without a connection.
func ServerStatsHandler(opts ...Option) stats.Handler {
	return &serverStats{in: newInstrument(trace.SpanKindServer, serverError, opts)}
}
