package jaeger

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// requests is an encoder of requests to a collector, which can encode a span before it is known which spans are sent with
// it. Packets cannot do that: one that is too large is encoded again from its span.
type requests struct{ *encoder }

// EncodeSpan appends an encoded span. Its group is the process of the span.
func (e requests) EncodeSpan(buf []byte, s sdktrace.ReadOnlySpan, r *delivery.Report) ([]byte, any) {
	sc := e.take()
	defer e.put(sc)
	pr := e.process(s, &sc.writer, e.most)
	buf = sc.writer.span(buf, s)
	if made := sc.writer.repair | pr.repair; made != 0 {
		report(r, s, made)
	}
	return buf, pr
}

// Pack packs the spans of each process, in the order in which the processes first appear: in order, and as many into each
// payload as fit.
func (e requests) Pack(spans []delivery.EncodedSpan, r *delivery.Report) (out []*payload) {
	sc := e.take()
	defer e.put(sc)
	for len(spans) > 0 {
		pr, _ := spans[0].Group.(*process)
		var others []delivery.EncodedSpan
		sc.reset()
		for _, s := range spans {
			if s.Group != any(pr) {
				others = append(others, s)
				continue
			}
			if n := len(sc.ends); n > 0 && (n == e.count || e.framing.size(len(pr.bytes), len(sc.buf)+len(s.Bytes), n+1) > e.largest(r)) {
				out = append(out, newPayload(e.framing, pr, sc.buf, slices.Clone(sc.ends)))
				sc.reset()
			}
			sc.buf = append(sc.buf, s.Bytes...)
			sc.ends = append(sc.ends, len(sc.buf))
		}
		out = append(out, newPayload(e.framing, pr, sc.buf, slices.Clone(sc.ends)))
		spans = others
	}
	return out
}
