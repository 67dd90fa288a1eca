package otlp

import (
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

const floor = 64 << 10 // below this the limit is not halved

// An encoder writes spans as OTLP requests (opentelemetry-proto v1.11.0). It is safe for concurrent use.
//
// How it works. Each call of Encode takes a batch from a pool and appends the spans to its buffer in wire format, in
// the order in which they come, without a tree of messages. The batch remembers where each span ends and which
// resource and scope it has. At the end the spans are ordered by resource and scope and copied into payloads: each is
// one allocation of the exact size, which is never reused. The heads of resources and scopes are cached in the batch.
// A span with scalar attributes therefore costs no allocation. Arrays and maps do, because OpenTelemetry returns
// copies of them.
//
// The decoded requests equal those of upstream (otlptrace v1.47.0, with which the tests compare), except that an
// encoder makes strings valid UTF-8, repairs times that the format cannot hold, cuts values, writes values that nest
// too deep as text, adds a missing service name, and keeps the tracestate of links.
type encoder struct {
	limit int // maximum code points of a string value; 0 means no limit
	most  int // maximum bytes of a request

	wordsForNonFinite bool // NaN and the infinities become text, counted as a repair

	batches sync.Pool // of *batch
}

// newEncoder returns an encoder of requests up to most bytes (protobuf); maxTag is max_tag_value_length, where 0 or
// less means no limit.
func newEncoder(most, maxTag int) *encoder {
	return &encoder{limit: max(0, maxTag), most: most}
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (e *encoder) Limits() (maxBytes, minBytes int) { return e.most, min(floor, e.most) }

// Encode groups spans by resource and scope, in the order first seen, and packs them into as few requests as the
// limit allows.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	b := e.batch()
	b.report = r
	for _, span := range spans {
		if span != nil {
			b.add(span)
		}
	}
	if len(b.spans) == 0 {
		e.release(b)
		return nil
	}
	most := e.most
	if l := r.Limit(); l > 0 && l < most {
		most = l
	}
	b.source = b.buf
	b.order()
	payloads := b.pack(most)
	e.release(b)
	return payloads
}

// Split cuts p between two spans into two payloads, and repeats resource and scope in each. It reports false for a
// single span.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	half := p.spans / 2
	if half == 0 {
		return nil, nil, false
	}
	l := readLayout(p.bytes, p.spans)
	return l.payload(l.spans[:half]), l.payload(l.spans[half:]), true
}

// writer returns a writer with the settings of the encoder and without a buffer.
func (e *encoder) writer() writer { return writer{limit: e.limit, words: e.wordsForNonFinite} }

// batch returns a batch that only the caller uses until it releases it.
func (e *encoder) batch() *batch {
	if b, ok := e.batches.Get().(*batch); ok {
		return b
	}
	return newBatch(e.writer())
}

// keep is the maximum size of a buffer that stays in the pool. A batch of 512 usual spans needs a quarter of it.
const keep = 1 << 20

// release puts a batch back into the pool. A batch whose span panicked is left to the garbage collector.
func (e *encoder) release(b *batch) {
	if cap(b.buf) > keep {
		return
	}
	b.reset()
	e.batches.Put(b)
}
