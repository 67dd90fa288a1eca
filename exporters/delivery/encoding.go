package delivery

import (
	"fmt"
	"log/slog"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A load is a payload with what the exporter must remember of it.
type load[P Payload] struct {
	payload  P
	batch    *batch
	spans    int // not settled
	attempts int
	deadline time.Time // when it expires; zero before the first attempt and without a limit

	failures int       // in a row, as long as they may be those of an outage
	accepted uint64    // spans that the receiver had accepted at the last of them
	blamed   int       // failures while the receiver accepted other spans
	failure  Outcome   // the last of those
	until    time.Time // end of the backoff while it is set aside
}

// An encoding makes payloads of batches, and reports to the account what the encoder dropped and repaired. A panic of the
// encoder costs only the spans that cause it.
type encoding[P Payload] struct {
	x       *Exporter
	encoder Encoder[P]
}

// encode encodes a batch and drops the spans that are in no payload.
func (c encoding[P]) encode(b *batch) []*load[P] {
	payloads, r := c.encodeItems(b.items)
	c.x.report(b, r)
	var loads []*load[P]
	left := len(b.items) - r.drops()
	for _, p := range payloads {
		if n := min(p.Spans(), left); n > 0 {
			loads = append(loads, &load[P]{payload: p, batch: b, spans: n})
			left -= n
		}
	}
	if left > 0 { // a fault of the encoder, but the account must balance
		err := fmt.Errorf("encoder left %d spans in no payload", left)
		c.x.dropBecause(b, left, DropEncode, Outcome{Err: err})
	}
	b.items = nil // keep nothing in memory that no payload refers to
	return loads
}

func (c encoding[P]) encodeItems(items []item) ([]P, *Report) {
	if s, ok := c.encoder.(SpanEncoder[P]); ok {
		return c.pack(s, items)
	}
	spans := make([]sdktrace.ReadOnlySpan, len(items))
	for i := range items {
		spans[i] = items[i].span
	}
	return c.encodeAll(spans)
}

// pack packs the spans that are encoded, and those that it encodes now.
func (c encoding[P]) pack(s SpanEncoder[P], items []item) ([]P, *Report) {
	all, one := c.newReport(), c.newReport()
	encoded, buf := make([]EncodedSpan, 0, len(items)), []byte(nil)
	for i := range items {
		it := &items[i]
		if it.span == nil {
			encoded = append(encoded, it.encoded)
			continue
		}
		e := encodeRecovered(s.EncodeSpan, buf, it.span, one)
		e.Bytes, buf = e.Bytes[len(buf):], e.Bytes
		if one.drops() == 0 {
			encoded = append(encoded, e)
		}
		if one.used() {
			all.add(one)
			*one = Report{limit: all.limit}
		}
	}
	if len(encoded) == 0 {
		return nil, all
	}
	payloads, r := c.call(func(r *Report) []P { return s.Pack(encoded, r) })
	if r.panicked != nil { // the spans of the batch are in no payload
		r.dropped, r.panics = map[Reason]int{DropEncode: len(encoded)}, len(encoded)
	}
	all.add(r)
	return payloads, all
}

// encodeAll encodes spans together. If that panics, it encodes each alone to find those that panic, and then the others
// together.
func (c encoding[P]) encodeAll(spans []sdktrace.ReadOnlySpan) ([]P, *Report) {
	payloads, r := c.callEncode(spans)
	if r.panicked == nil {
		return payloads, r
	}
	alone, good, bad := c.encodeEach(spans)
	if len(good) == 0 {
		return alone, bad
	}
	together, r := c.callEncode(good)
	if r.panicked != nil {
		return alone, bad
	}
	r.add(bad.onlyPanics())
	return together, r
}

// encodeEach encodes every span alone. It returns the payloads, the spans that did not panic, and the joined reports.
func (c encoding[P]) encodeEach(spans []sdktrace.ReadOnlySpan) (payloads []P, good []sdktrace.ReadOnlySpan, all *Report) {
	all = c.newReport()
	for i, span := range spans {
		p, r := c.callEncode(spans[i : i+1 : i+1])
		if r.panicked != nil {
			all.dropPanicked(span, r.panicked)
			continue
		}
		all.add(r)
		payloads, good = append(payloads, p...), append(good, span)
	}
	return payloads, good, all
}

func (c encoding[P]) callEncode(spans []sdktrace.ReadOnlySpan) ([]P, *Report) {
	return c.call(func(r *Report) []P { return c.encoder.Encode(spans, r) })
}

// call calls a method of the encoder. After a panic, the report contains nothing else. The methods of the payloads are
// called here once, so that their panics count as those of Encode.
func (c encoding[P]) call(encode func(*Report) []P) (payloads []P, r *Report) {
	r = c.newReport()
	defer func() {
		if v := recover(); v != nil {
			payloads, r = nil, &Report{panicked: panicError("Encode", v)}
		}
	}()
	payloads = encode(r)
	for _, p := range payloads {
		_, _ = p.Spans(), p.Size()
	}
	return payloads, r
}

// divide returns the loads that replace one that was too large: its halves, or a smaller form of its only span. It returns
// nil if that is not possible.
func (c encoding[P]) divide(l *load[P], out Outcome) []*load[P] {
	if a, b, ok := c.split(l); ok {
		c.x.lowerLimit(l.payload.Size(), out)
		return []*load[P]{a, b}
	}
	if c.shrink(l, out) {
		return []*load[P]{l}
	}
	return nil
}

// split halves a load. It fails for a single span, and for an encoder that panics or whose halves do not add up.
func (c encoding[P]) split(l *load[P]) (a, b *load[P], ok bool) {
	defer func() {
		if recover() != nil {
			a, b, ok = nil, nil, false
		}
	}()
	if l.spans < 2 {
		return nil, nil, false
	}
	pa, pb, ok := c.encoder.Split(l.payload)
	if !ok || pa.Spans() < 1 || pb.Spans() < 1 || pa.Spans()+pb.Spans() != l.spans {
		return nil, nil, false
	}
	return &load[P]{payload: pa, batch: l.batch, spans: pa.Spans()},
		&load[P]{payload: pb, batch: l.batch, spans: pb.Spans()}, true
}

// shrink replaces the payload of a single span by a smaller one.
func (c encoding[P]) shrink(l *load[P], out Outcome) bool {
	s, ok := c.encoder.(Shrinker[P])
	if !ok || l.spans != 1 {
		return false
	}
	size := l.payload.Size()
	c.x.lowerLimit(size, out)
	p, r, ok := c.callShrink(s, l.payload)
	if !ok || r.drops() > 0 || p.Spans() != 1 || p.Size() >= size {
		return false
	}
	c.x.report(l.batch, r)
	l.payload = p
	return true
}

// callShrink calls Shrink. A call that panics has not shrunk the payload.
func (c encoding[P]) callShrink(s Shrinker[P], p P) (smaller P, r *Report, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	r = c.newReport()
	smaller, ok = s.Shrink(p, r)
	return smaller, r, ok
}

// describe names the span of a load for the log.
func (c encoding[P]) describe(l *load[P]) (text string) {
	defer func() {
		if recover() != nil {
			text = "a span"
		}
	}()
	d, ok := c.encoder.(Describer[P])
	switch {
	case l.spans > 1:
		return fmt.Sprintf("a payload of %d spans", l.spans)
	case ok:
		return d.Describe(l.payload)
	}
	return "a span"
}

func (c encoding[P]) newReport() *Report {
	c.x.mu.Lock()
	defer c.x.mu.Unlock()
	return &Report{limit: c.x.limit.maxBytes}
}

// report adds an encoder's report to the account. It ignores drops beyond the number of spans.
func (x *Exporter) report(b *batch, r *Report) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.repaired(r)
	for reason, n := range r.dropped {
		x.log.cause(r.cause(reason), "")
		x.dropOf(b, n, reason)
	}
}

// lowerLimit lowers the limit after a payload of this size was too large.
func (x *Exporter) lowerLimit(size int, out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.limit.tooLarge(size) {
		return
	}
	text := ""
	if out.Err != nil {
		text = Excerpt(out.Err.Error())
	}
	x.log.add(slog.LevelWarn, "payload too large, sending smaller ones", slog.Int("size", size),
		slog.Int("limit", x.limit.maxBytes), slog.String("error", text), slog.String("hint", out.Hint))
}
