package otlp

import (
	"errors"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// partial reads how many spans of a success the receiver refused, and what it had to say: with no
// span refused that is a warning. A partial success is never sent again (OTLP 1.5.0).
func partial(reply *coltracepb.ExportTraceServiceResponse) (refused int, message error) {
	p := reply.GetPartialSuccess()
	if text := p.GetErrorMessage(); text != "" {
		message = errors.New("the receiver says: " + delivery.Excerpt(text))
	}
	return int(max(0, p.GetRejectedSpans())), message
}
