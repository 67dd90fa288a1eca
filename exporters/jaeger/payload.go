package jaeger

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A payload is one request or packet, complete with its headers. Its bytes never change.
type payload struct {
	body    []byte
	from    int   // where its spans begin
	ends    []int // where each span ends, counted from there
	process *process
	kept    []kept // its spans, if it is a packet
}

// A kept is a span of a packet, from which the packet can be encoded again with a lower limit.
type kept struct {
	span sdktrace.ReadOnlySpan
	cut  bool // it was cut to fit
}

// Spans returns the number of spans.
func (p *payload) Spans() int { return len(p.ends) }

// Size returns the length on the wire in bytes, before compression.
func (p *payload) Size() int { return len(p.body) }

// spans returns the encoded spans i to j, without j.
func (p *payload) spans(i, j int) []byte {
	return p.body[p.from+p.begin(i) : p.from+p.begin(j)]
}

// begin returns where span i begins, counted from the first one.
func (p *payload) begin(i int) int {
	if i == 0 {
		return 0
	}
	return p.ends[i-1]
}

// part returns a payload with the spans i to j, without j. The bytes are copied, because a transport may still read p.
func (p *payload) part(f framing, i, j int) *payload {
	ends := slices.Clone(p.ends[i:j])
	for k := range ends {
		ends[k] -= p.begin(i)
	}
	half := newPayload(f, p.process, p.spans(i, j), ends)
	if p.kept != nil {
		half.kept = p.kept[i:j]
	}
	return half
}

// newPayload copies spans into a body of exactly the size it needs, and keeps ends.
func newPayload(f framing, pr *process, spans []byte, ends []int) *payload {
	body := make([]byte, 0, f.size(len(pr.bytes), len(spans), len(ends)))
	body, at := f.assemble(body, pr.bytes, spans, len(ends))
	return &payload{body: body, from: at, ends: ends, process: pr}
}
