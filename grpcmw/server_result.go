package grpcmw

import (
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// fail records the first error of SendMsg or RecvMsg. grpc-go sends it at once, whatever the handler returns later.
func (c *serverCall) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.failure = streamError(err)
	}
}

// abort records a panic with value v, or runtime.Goexit.
func (c *serverCall) abort(end guard.End, v any) {
	c.mu.Lock()
	span := c.span
	if span == nil || c.ended {
		c.mu.Unlock()
		return
	}
	c.panicType = instrumentation.AbortType(end, v)
	c.mu.Unlock()
	c.in.RecordPanic(span, end, v) // unlocked, because it calls methods of v
}

// finish ends the span with the recorded result or err. Only the first call has an effect. at is the time of the end
// for a span that is not started yet, or zero.
func (c *serverCall) finish(err error, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended, c.err = true, err
	if c.span != nil {
		c.close() // the end is now, so that no option is allocated
		return
	}
	c.endedAt = at
}

// close ends the span, also if a function of WithErrorCode panics.
func (c *serverCall) close() {
	if c.endedAt.IsZero() {
		defer c.span.End()
	} else {
		defer c.span.End(trace.WithTimestamp(c.endedAt))
	}
	if c.span.IsRecording() {
		c.setResult(c.err)
	}
}

// setResult sets the status and the remaining attributes. A panic takes precedence over an error of the stream, and
// that over the error of the handler.
func (c *serverCall) setResult(err error) {
	var code codes.Code
	var message, errorType string
	switch {
	case c.panicType != "":
		code, message, errorType = codes.Internal, "", c.panicType
		if c.trailerSent {
			code, message = statusOf(err)
		}
		if !c.in.RecordsPanicMessages() {
			message = "" // an outer interceptor may have put the value there
		}
	case c.failure != nil:
		code, message = statusOf(c.failure)
	default:
		code, message = statusOf(err)
	}
	name := codeName(code)
	if errorType == "" && code != codes.OK && c.in.isError(code) {
		errorType = name
	}
	attrs := append(c.deferred.Attributes(), semattr.RPCResponseStatusCode.String(name))
	if !c.in.responseMetadata.Empty() {
		attrs = c.in.responseMetadata.Append(attrs, c.responseValues)
	}
	c.in.finishSpan(c.span, attrs, &c.userAttributes, errorType, message)
	buffers.Put(c.deferred)
}

// responseValues returns the values of a response metadata key, those of the header before those of the trailer.
func (c *serverCall) responseValues(key string) (values []string) {
	for _, md := range c.response {
		values = append(values, md[key]...)
	}
	return wireText(key, values)
}
