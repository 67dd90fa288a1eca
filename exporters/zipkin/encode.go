package zipkin

import (
	"encoding/hex"
	"encoding/json"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

const (
	maxPayload = 5_000_000 // maximum bytes of one request
	minPayload = 64 << 10  // below this the limit is not halved
)

// An encoder writes spans as Zipkin v2 JSON. It is safe for concurrent use.
//
// How it works. EncodeSpan appends the JSON object of a span to a buffer, straight from the methods of the span. The local
// endpoint and the tags of resource and scope are rendered once and used for all their spans. A key is written once for
// each span, so a 64-bit filter of keys finds out whether a search for an equal key is necessary. Pack joins the objects
// to arrays, each in one allocation of the exact size. A span with scalar attributes costs no allocation.
//
// The encoder of upstream (otel exporters/zipkin v1.47.0) loses a batch for one span that ends before it starts, lets
// resource attributes override those of the span, drops `error` attributes and changes names to lower case. Apart from
// that, the tests compare with it.
type encoder struct {
	limit   int // maximum code points of a tag; 0 means no limit
	origins origins
	writers sync.Pool // of *writer
}

// newEncoder returns an encoder; maxTag is max_tag_value_length, where 0 or less means no limit.
func newEncoder(local node, maxTag int) *encoder {
	limit := max(0, maxTag)
	return &encoder{limit: limit, origins: origins{local: local, limit: limit}}
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (*encoder) Limits() (maxBytes, minBytes int) { return maxPayload, minPayload }

// EncodeSpan appends the JSON object of span. A span without ids is dropped, because receivers reject a whole request for
// an id of zeros. Zipkin spans have no groups: each contains its resource and scope.
func (e *encoder) EncodeSpan(buf []byte, span sdktrace.ReadOnlySpan, r *delivery.Report) ([]byte, any) {
	if !span.SpanContext().IsValid() {
		r.Drop(span, delivery.DropInvalid)
		return buf, nil
	}
	w, ok := e.writers.Get().(*writer)
	if !ok {
		w = &writer{limit: e.limit}
	}
	w.origin, w.report, w.buf = e.origins.of(span), r, buf
	w.span(span)
	buf = w.buf
	w.report, w.buf = nil, nil
	e.writers.Put(w)
	return buf, nil
}

// Pack joins spans in order to as few payloads as the limit allows. A span above the limit gets a payload of its own.
func (e *encoder) Pack(spans []delivery.EncodedSpan, r *delivery.Report) (done []*payload) {
	most := maxPayload
	if l := r.Limit(); l > 0 && l < most {
		most = l
	}
	first, size := 0, 1 // the size includes the opening bracket, and a comma or the closing bracket after each span
	for i := range spans {
		next := len(spans[i].Bytes) + 1
		if i > first && size+next > most {
			done = append(done, join(spans[first:i], size))
			first, size = i, 1
		}
		size += next
	}
	if first < len(spans) {
		done = append(done, join(spans[first:], size))
	}
	return done
}

// join returns a payload of size bytes.
func join(spans []delivery.EncodedSpan, size int) *payload {
	p := &payload{body: append(make([]byte, 0, size), '['), starts: make([]int, len(spans))}
	for i := range spans {
		if i > 0 {
			p.body = append(p.body, ',')
		}
		p.starts[i] = len(p.body)
		p.body = append(p.body, spans[i].Bytes...)
	}
	p.body = append(p.body, ']')
	return p
}

// Encode encodes and packs spans. Delivery calls EncodeSpan and Pack instead.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	encoded := make([]delivery.EncodedSpan, 0, len(spans))
	for _, span := range spans {
		if span == nil {
			continue
		}
		if object, _ := e.EncodeSpan(nil, span, r); object != nil {
			encoded = append(encoded, delivery.EncodedSpan{Bytes: object})
		}
	}
	return e.Pack(encoded, r)
}

// Split copies the two halves of p's spans into payloads of their own. It reports false for a single span.
// The bytes are copied, because a transport may still read a body that was refused.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	half := len(p.starts) / 2
	if half == 0 {
		return nil, nil, false
	}
	cut := p.starts[half]
	return p.part(1, cut-1, p.starts[:half]), p.part(cut, len(p.body)-1, p.starts[half:]), true
}

// Describe returns the ids and the name of the first span of p.
func (e *encoder) Describe(p *payload) string {
	var spans []struct{ TraceID, ID, Name string }
	if err := json.Unmarshal(p.body, &spans); err != nil || len(spans) == 0 {
		return "a span"
	}
	trace, _ := hex.DecodeString(spans[0].TraceID)
	id, _ := hex.DecodeString(spans[0].ID)
	return spantext.Describe(trace, id, spans[0].Name)
}
