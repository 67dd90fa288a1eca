package instrumentation

import (
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/semattr"
)

// RecordsPanicMessages reports whether the value of a panic may be recorded.
func (in *Instrumentation) RecordsPanicMessages() bool {
	return !in.noPanicMessages && !in.Policy().RedactsPanicMessages()
}

// RecordPanic adds an exception event to span if a function ended with a panic. It may call methods of value, which
// may do anything.
func (in *Instrumentation) RecordPanic(span trace.Span, end guard.End, value any) {
	if end == guard.Panicked {
		semattr.RecordPanic(span, value, in.RecordsPanicMessages())
	}
}

// AbortType returns error.type of a function that ended with a panic or with runtime.Goexit.
func AbortType(end guard.End, value any) string {
	if end == guard.Exited {
		return "runtime.Goexit"
	}
	return semattr.PanicType(value)
}
