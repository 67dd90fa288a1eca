package jaeger

import (
	"fmt"
	"strconv"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// Bounds of a span's name in the log, in bytes: raw, and with its control characters escaped.
const (
	maxName   = 64
	maxQuoted = 128
)

// tooLarge returns the line of the log about a span that is dropped. It has less than 300 bytes and no content of the span
// apart from its ids and its name.
func tooLarge(s sdktrace.ReadOnlySpan, size, limit int) string {
	sc := s.SpanContext()
	name, _ := spantext.Clean(s.Name())
	quoted := strconv.Quote(spantext.CutBytes(name, maxName))
	for n := maxName / 2; len(quoted) > maxQuoted; n /= 2 {
		quoted = strconv.Quote(spantext.CutBytes(name, n))
	}
	return fmt.Sprintf("span too large: trace=%s span=%s name=%s size=%d limit=%d",
		sc.TraceID(), sc.SpanID(), quoted, size, limit)
}

// refuse drops the spans of packets, because udp_split_oversized_batches is false.
func refuse(packets []*payload, kept []kept, most int, r *delivery.Report) {
	for _, k := range kept {
		r.Drop(k.span, delivery.DropTooLarge)
	}
	r.Note(fmt.Sprintf("batch too large: spans=%d packets=%d limit=%d, jaeger.thrift.udp_split_oversized_batches is false",
		len(kept), len(packets), most))
}
