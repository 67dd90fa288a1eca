package grpcmw

import (
	"google.golang.org/grpc/stats"
)

// ServerStatsHandler is the stats handler of ServerOptions, for fuzzing without a connection.
func ServerStatsHandler(opts ...ServerOption) stats.Handler {
	return &serverStats{in: newServerInstrumentation(opts)}
}
