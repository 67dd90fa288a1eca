package otlp

import (
	"errors"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
)

// partial returns how many spans of a success the receiver rejected, and its message, which is a warning if it rejected
// none of them. excerpt shortens and masks the receiver's text for the log. A partial success is never sent again (OTLP
// 1.5.0). A negative count, which a faulty receiver may send, is 0.
func partial(reply *coltracepb.ExportTraceServiceResponse, excerpt func(string) string) (refused int, message error) {
	p := reply.GetPartialSuccess()
	if text := p.GetErrorMessage(); text != "" {
		message = errors.New("message of the receiver: " + excerpt(text))
	}
	return int(max(0, p.GetRejectedSpans())), message
}
