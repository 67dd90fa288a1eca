package jaeger

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// payload is one request or packet, complete.
type payload struct {
	body    []byte
	from    int   // where its spans begin
	ends    []int // where each span ends, counted from there
	process *process
	kept    []kept // its spans, if it is a packet
}

// kept is a span in a packet. It lets the packet be made smaller.
type kept struct {
	span sdktrace.ReadOnlySpan
	cut  bool // to fit
}

// Spans is the number of spans in it.
func (p *payload) Spans() int { return len(p.ends) }

// Size is its length on the wire.
func (p *payload) Size() int { return len(p.body) }

// spans are the encoded spans i to j, without j.
func (p *payload) spans(i, j int) []byte {
	return p.body[p.from+p.begin(i) : p.from+p.begin(j)]
}

func (p *payload) begin(i int) int {
	if i == 0 {
		return 0
	}
	return p.ends[i-1]
}

// part makes a payload of the spans i to j, without j.
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
