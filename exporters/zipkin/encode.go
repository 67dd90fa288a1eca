package zipkin

import (
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

const (
	// Zipkin does not specify a maximum. This one bounds the memory of a request, and the spans that one refusal
	// concerns.
	maxPayload = 5_000_000 // maximum bytes of one request
	minPayload = 64 << 10  // below this the limit is not halved
)

// An encoder writes spans as Zipkin v2 JSON. It is safe for concurrent use.
//
// How it works. Each call of Encode appends the spans to one buffer, straight from their methods, and starts another
// payload when the limit is reached: the last span then moves to the new buffer. The tags of the resource and of the
// scope are rendered once for consecutive spans that have the same. A key is written once for each span, so a 64-bit
// filter of keys finds out whether a search for an equal key is necessary. With room in the buffer, a span with scalar
// attributes costs no allocation; the encoder remembers the size of recent spans and allocates the buffer for it.
//
// The encoder of upstream (otel exporters/zipkin v1.47.0) loses a batch for one span that ends before it starts, lets
// resource attributes override those of the span, drops `error` attributes and changes names to lower case. Apart from
// that, the tests compare with it.
type encoder struct {
	local    node
	limit    int          // maximum code points of a tag; 0 means no limit
	spanSize atomic.Int64 // bytes of recent spans, for the size of the next buffer
}

// newEncoder returns an encoder; maxTag is max_tag_value_length, where 0 or less means no limit.
func newEncoder(local node, maxTag int) *encoder {
	e := &encoder{local: local, limit: max(0, maxTag)}
	e.spanSize.Store(1 << 10)
	return e
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (*encoder) Limits() (most, floor int) { return maxPayload, minPayload }

// Encode writes spans in order into as few payloads as the limit allows. A span above the limit
// gets a payload of its own. A span without ids is dropped, because Zipkin does not accept zeros.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	w := writer{local: e.local, limit: e.limit, most: maxPayload, spanSize: &e.spanSize, report: r}
	if l := r.Limit(); l > 0 && l < w.most {
		w.most = l
	}
	for i, span := range spans {
		switch {
		case span == nil:
		case span.SpanContext().IsValid():
			w.add(span, len(spans)-i)
		default: // receivers refuse a whole request for an id of zeros
			r.Drop(span, delivery.DropInvalid)
		}
	}
	w.finish()
	return w.done
}

// Split copies the two halves of p's spans into payloads of their own. It reports false for a single span. The bytes
// are copied, because a transport may still read a body that was refused. Each half has half of the spans, which is
// near enough to half of the bytes: a half that is still too large is split again.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	half := len(p.starts) / 2
	if half == 0 {
		return nil, nil, false
	}
	cut := p.starts[half]
	return p.part(1, cut-1, p.starts[:half]), p.part(cut, len(p.body)-1, p.starts[half:]), true
}

// add encodes one span; left counts the spans still to come, this one included. A span that takes the payload over the
// limit is encoded once: its bytes move to the next payload.
func (w *writer) add(span sdktrace.ReadOnlySpan, left int) {
	if w.buf == nil {
		w.begin(left)
	}
	start := len(w.buf)
	if len(w.starts) > 0 {
		w.buf = append(w.buf, ',')
		start++
	}
	w.span(span)
	if len(w.buf)+1 > w.most && len(w.starts) > 0 {
		tail := w.buf[start:]
		w.buf = w.buf[:start-1]
		w.finish()
		w.begin(left)
		start = len(w.buf)
		w.buf = append(w.buf, tail...)
	}
	w.starts = append(w.starts, start)
}
