package otlp

import (
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

const floor = 64 << 10 // below this the limit is not halved

// An encoder writes spans as OTLP requests (opentelemetry-proto v1.11.0). It is safe for concurrent use.
//
// How it works. EncodeSpan appends a span to a buffer in wire format, without a tree of messages. Its group holds the
// encoded resource and scope, which all spans of the scope share. Pack orders spans by resource and scope and copies them
// into payloads: each is one allocation of the exact size, which is never reused. A span with scalar attributes costs no
// allocation. Arrays and maps do, because OpenTelemetry returns copies of them.
//
// The decoded requests equal those of upstream (otlptrace v1.47.0, with which the tests compare), except that an
// encoder makes strings valid UTF-8, repairs times that the format cannot hold, cuts values, writes values that nest
// too deep as text, adds a missing service name, and keeps the tracestate of links.
type encoder struct {
	blank  writer // with the settings of the encoder and without a buffer
	most   int    // maximum bytes of a request
	groups groups

	batches sync.Pool // of *batch
}

// newEncoder returns an encoder of requests up to most bytes (protobuf); maxTag is max_tag_value_length, where 0 or
// less means no limit. words selects text for NaN and the infinities, which counts as a repair.
func newEncoder(most, maxTag int, words bool) *encoder {
	blank := writer{limit: max(0, maxTag), words: words}
	return &encoder{blank: blank, most: most, groups: groups{blank: blank}}
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (e *encoder) Limits() (maxBytes, minBytes int) { return e.most, min(floor, e.most) }

// EncodeSpan appends the Span field of a ScopeSpans message, with tag and length, and reports repairs.
func (e *encoder) EncodeSpan(buf []byte, span sdktrace.ReadOnlySpan, r *delivery.Report) ([]byte, any) {
	of := e.groups.of(span)
	w := e.blank
	w.buf, w.fixed = buf, of.fixed
	start, end := times(span, r)
	content := w.begin(contentField)
	w.span(span, start, end)
	w.end(content)
	if w.fixed&spantext.UTF8 != 0 {
		r.Repair(span, delivery.RepairUTF8)
	}
	if w.fixed&spantext.Value != 0 {
		r.Repair(span, delivery.RepairValue)
	}
	return w.buf, of
}

// times returns start and end. OTLP counts from 1970 on, and receivers read an end before the start as an overflow, so
// both are repaired.
func times(span sdktrace.ReadOnlySpan, r *delivery.Report) (uint64, uint64) {
	start, end := span.StartTime(), span.EndTime()
	if start.Before(epoch) {
		r.Repair(span, delivery.RepairStart)
	}
	if end.Before(start) {
		r.Repair(span, delivery.RepairDuration)
		end = start
	}
	return nanos(start), nanos(end)
}

// Pack groups spans by resource and scope, in the order first seen, and packs them into as few requests as the limit
// allows.
func (e *encoder) Pack(spans []delivery.EncodedSpan, r *delivery.Report) []*payload {
	if len(spans) == 0 {
		return nil
	}
	b, ok := e.batches.Get().(*batch)
	if !ok {
		b = newBatch()
	}
	for _, span := range spans {
		b.add(span)
	}
	b.order()
	most := e.most
	if l := r.Limit(); l > 0 && l < most {
		most = l
	}
	payloads := b.pack(most)
	b.reset()
	e.batches.Put(b)
	return payloads
}

// Encode encodes and packs spans. Delivery calls EncodeSpan and Pack instead.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	encoded := make([]delivery.EncodedSpan, 0, len(spans))
	for _, span := range spans {
		if span != nil {
			bytes, of := e.EncodeSpan(nil, span, r)
			encoded = append(encoded, delivery.EncodedSpan{Bytes: bytes, Group: of})
		}
	}
	return e.Pack(encoded, r)
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

// Describe returns the ids and the name of the first span of p.
func (e *encoder) Describe(p *payload) string {
	spans := readLayout(p.bytes, 1).spans
	if len(spans) == 0 {
		return "a span"
	}
	span, _ := nextField(spans[0].bytes)
	var trace, id, name []byte
	for f := range fields(span.bytes) {
		switch f.number {
		case spanTraceID:
			trace = f.bytes
		case spanID:
			id = f.bytes
		case spanName:
			name = f.bytes
		}
	}
	return spantext.Describe(trace, id, string(name))
}
