package delivery

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// encode turns a batch into loads and settles the spans that are in none of them.
func (w *worker[P]) encode(b *batch) []*load[P] {
	payloads, r := w.encodeAll(b.spans)
	w.e.report(b, r)
	var loads []*load[P]
	left := len(b.spans) - r.drops()
	for _, p := range payloads {
		if n := min(p.Spans(), left); n > 0 {
			loads = append(loads, &load[P]{payload: p, batch: b, spans: n})
			left -= n
		}
	}
	if left > 0 { // the encoder has lost some: a fault of its own, but the accounts must hold
		err := fmt.Errorf("encoder left %d spans in no payload", left)
		w.e.settleBecause(b, left, DropEncode, Outcome{Err: err})
	}
	b.spans = nil // what is not in a payload need not be kept alive
	return loads
}

// encodeAll encodes spans together. If that panics they are encoded one by one, which finds
// out the spans that panic, and the others together again.
func (w *worker[P]) encodeAll(spans []sdktrace.ReadOnlySpan) ([]P, *Report) {
	payloads, r := w.callEncode(spans)
	if r.panicked == nil {
		return payloads, r
	}
	alone, good, bad := w.encodeEach(spans)
	if len(good) == 0 {
		return alone, bad
	}
	together, r := w.callEncode(good)
	if r.panicked != nil {
		return alone, bad
	}
	r.add(bad.onlyPanics())
	return together, r
}

// encodeEach encodes every span alone: the payloads, the spans that did not panic, and the
// joined reports.
func (w *worker[P]) encodeEach(spans []sdktrace.ReadOnlySpan) (payloads []P, good []sdktrace.ReadOnlySpan, all *Report) {
	all = w.newReport()
	for i, span := range spans {
		p, r := w.callEncode(spans[i : i+1 : i+1])
		if r.panicked != nil {
			all.Drop(span, DropEncode)
			all.panicked = r.panicked
			all.panics++
			continue
		}
		all.add(r)
		payloads, good = append(payloads, p...), append(good, span)
	}
	return payloads, good, all
}

// callEncode is one call of the encoder; what it reported before a panic is forgotten. The
// methods of the payloads are called here once, where a panic counts as one of Encode.
func (w *worker[P]) callEncode(spans []sdktrace.ReadOnlySpan) (payloads []P, r *Report) {
	r = w.newReport()
	defer func() {
		if v := recover(); v != nil {
			payloads, r = nil, &Report{panicked: panicError("Encode", v)}
		}
	}()
	payloads = w.encoder.Encode(spans, r)
	for _, p := range payloads {
		_, _ = p.Spans(), p.Size()
	}
	return payloads, r
}

func (w *worker[P]) newReport() *Report {
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	return &Report{limit: w.e.limit.most}
}

// report takes an encoder's report to the accounts. More drops than spans are not believed.
func (e *engine) report(b *batch, r *Report) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for kind, n := range r.repaired {
		e.repaired[kind] += uint64(n)
	}
	for reason, n := range r.dropped {
		switch {
		case reason == DropEncode && r.panicked != nil:
			e.log.cause(r.panicked, "")
		case r.note != "":
			e.log.cause(errors.New(r.note), "")
		default:
			e.log.cause(fmt.Errorf("the format cannot hold the span: %s", reason), "")
		}
		e.settleLocked(b, n, reason)
	}
}

// halve lowers the byte limit after a payload was too large.
func (e *engine) halve(size int, out Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.limit.tooLarge(size) {
		return
	}
	text := ""
	if out.Err != nil {
		text = Excerpt(out.Err.Error())
	}
	e.log.add(slog.LevelWarn, "a payload was too large, smaller ones are sent from now on", slog.Int("size", size),
		slog.Int("limit", e.limit.most), slog.String("error", text), slog.String("hint", out.Hint))
}

// receiverWarns logs the text that a receiver sent along with a success, at most once a minute.
func (e *engine) receiverWarns(out Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.cause(out.Err, out.Hint)
	now := time.Now()
	if !e.log.warned.IsZero() && now.Before(e.log.warned.Add(linePause)) {
		return
	}
	e.log.warned = now
	e.log.add(slog.LevelWarn, "the receiver warns", slog.String("error", e.log.lastError), slog.String("hint", out.Hint))
}
