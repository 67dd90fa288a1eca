package jaeger

import (
	"encoding/binary"
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
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

// Probe returns a request with a process without a name, and without spans.
func (e requests) Probe() *payload {
	w := writer{wire: e.wire}
	return newPayload(e.framing, &process{bytes: w.joinProcess("", nil)}, nil, nil)
}

// Describe returns the ids and the name of the first span of p.
func (e requests) Describe(p *payload) string {
	span := p.spans(0, 1)
	if e.wire == wire(proto{}) {
		return describeProto(span)
	}
	return describeStrict(span)
}

// describeProto reads a span that proto has written: a field with the message, whose first fields are ids and name.
func describeProto(span []byte) string {
	_, _, n := protowire.ConsumeTag(span)
	message, _ := protowire.ConsumeBytes(span[n:])
	var first [3][]byte
	for i := range first {
		_, _, n := protowire.ConsumeTag(message)
		content, size := protowire.ConsumeBytes(message[n:])
		first[i], message = content, message[n+size:]
	}
	return spantext.Describe(first[0], first[1], string(first[2]))
}

// describeStrict reads a span that strict has written. Its first fields have a fixed size: type and id, three bytes, and the
// lower and the upper half of the trace id, the span id and that of the parent. The name follows.
func describeStrict(span []byte) string {
	const field = 3 + 8
	number := func(i int) []byte { return span[i*field+3 : (i+1)*field] }
	name := span[4*field+3:]
	length := binary.BigEndian.Uint32(name)
	return spantext.Describe(slices.Concat(number(1), number(0)), number(2), string(name[4:4+length]))
}
