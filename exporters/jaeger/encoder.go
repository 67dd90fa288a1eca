package jaeger

import (
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// An encoder packs spans into payloads for one transport. It is safe for concurrent use.
//
// How it works. A payload has one process, which is the encoded resource, so Encode first groups the spans by resource.
// Within a group it appends span after span to one scratch buffer, by the mapping of a [writer] in the encoding of a wire,
// and notes where each span ends. It starts another payload when the limit of bytes or of spans is reached. At the end it
// copies process and spans of all payloads into one piece of memory, with the headers of the framing. The spans of a
// payload are not encoded again: Split cuts between two of them, and a retry sends the same bytes.
//
// Packets differ in two points, see packetRules. Nothing may exceed the limit, so a span that alone is too large is made
// to fit or dropped. And the limit may fall after a packet was made, because the host reports its own limit only when it
// sends. A packet therefore keeps its spans, and Shrink encodes a single one again.
type encoder struct {
	wire     wire
	framing  framing
	limit    int  // max_tag_value_length, 0: none
	linkLogs bool // write the attributes of links as logs
	most     int  // bytes of one payload
	fill     int  // bytes of one payload of several spans, 0: most
	floor    int  // below which most is not halved
	count    int  // spans of one payload, 0: any number
	packet   *packetRules

	processes processes
	scratch   sync.Pool // of *scratch
}

// packetRules are for UDP, where nothing may exceed the limit.
type packetRules struct {
	whole    bool   // a batch that needs more than one packet is dropped
	truncate bool   // spans that need more than one packet are made to fit
	client   string // process tag client-uuid, empty: none
}

// A scratch is the memory of one call of Encode. It is used again by later calls, one at a time.
type scratch struct {
	writer writer
	buf    []byte // encoded spans
	ends   []int  // where each one ends, counted from the payload's first
	counts []int  // spans of each payload
	kept   []kept // what was encoded, for packets
}

func (sc *scratch) reset() {
	sc.buf, sc.ends, sc.counts, sc.kept = sc.buf[:0], sc.ends[:0], sc.counts[:0], sc.kept[:0]
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (e *encoder) Limits() (most, floor int) { return e.most, e.floor }

// Encode makes payloads of one resource each, in the order in which the resources first appear.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	return e.encode(spans, e.largest(r), r)
}

// encode is Encode with a limit of most bytes for a payload.
func (e *encoder) encode(spans []sdktrace.ReadOnlySpan, most int, r *delivery.Report) []*payload {
	if len(spans) == 0 {
		return nil
	}
	sc := e.take()
	defer e.put(sc)
	var out []*payload
	for group := range groups(spans) {
		out = e.group(out, group, sc, most, r)
	}
	return out
}

// take returns a scratch that only the caller uses until it passes it to put.
func (e *encoder) take() *scratch {
	if sc, ok := e.scratch.Get().(*scratch); ok {
		return sc
	}
	return &scratch{writer: writer{wire: e.wire, limit: e.limit, linkLogs: e.linkLogs}}
}

// put returns sc for later calls, without its references to spans.
func (e *encoder) put(sc *scratch) {
	clear(sc.kept)
	e.scratch.Put(sc)
}

// largest returns the maximum size of a payload: the smaller of the encoder's own and what the receiver was found to accept.
func (e *encoder) largest(r *delivery.Report) int {
	if limit := r.Limit(); limit > 0 && limit < e.most {
		return limit
	}
	return e.most
}

// Shrink encodes the span of a packet again if the host has refused to send a datagram of its size. It cuts the span to the
// lower limit. Repairs that the first encoding reported are not reported again.
func (e *encoder) Shrink(p *payload, r *delivery.Report) (*payload, bool) {
	if e.packet == nil || !e.packet.truncate || len(p.kept) != 1 || e.largest(r) >= p.Size() {
		return nil, false
	}
	k, again := p.kept[0], new(delivery.Report) // what it was repaired in is counted already
	smaller := e.encode([]sdktrace.ReadOnlySpan{k.span}, e.largest(r), again)
	if len(smaller) != 1 {
		return nil, false
	}
	if !k.cut && again.Repaired(delivery.RepairTruncated) > 0 {
		r.Repair(k.span, delivery.RepairTruncated)
	}
	return smaller[0], true
}

// Split cuts p between two spans into two payloads. It reports false for a single span.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	n := p.Spans()
	if n < 2 {
		return nil, nil, false
	}
	return p.part(e.framing, 0, n/2), p.part(e.framing, n/2, n), true
}

// groups yields the spans of each resource, in the order in which the resources first appear.
func groups(spans []sdktrace.ReadOnlySpan) func(func([]sdktrace.ReadOnlySpan) bool) {
	return func(yield func([]sdktrace.ReadOnlySpan) bool) {
		if sameResource(spans) {
			yield(spans)
			return
		}
		index := make(map[attribute.Distinct]int)
		var groups [][]sdktrace.ReadOnlySpan
		for _, s := range spans {
			id := s.Resource().Equivalent()
			i, known := index[id]
			if !known {
				i = len(groups)
				index[id] = i
				groups = append(groups, nil)
			}
			groups[i] = append(groups[i], s)
		}
		for _, g := range groups {
			if !yield(g) {
				return
			}
		}
	}
}

// sameResource reports whether all spans have the same resource, which is the usual case.
func sameResource(spans []sdktrace.ReadOnlySpan) bool {
	first := spans[0].Resource()
	for _, s := range spans[1:] {
		if s.Resource() != first {
			return false
		}
	}
	return true
}

// group packs spans of one resource in order, as many into each payload as fit. If packets must not be split, and the spans
// need more than one, it drops them all.
func (e *encoder) group(out []*payload, spans []sdktrace.ReadOnlySpan, sc *scratch, most int, r *delivery.Report) []*payload {
	pr := e.process(spans[0], &sc.writer, most)
	sc.reset()
	first, whole := len(out), e.packet != nil && e.packet.whole
	fill := most
	if e.fill > 0 {
		fill = min(fill, e.fill)
	}
	n, from := 0, 0 // of the payload being filled: spans, and where in buf it begins
	for _, s := range spans {
		mark := len(sc.buf)
		if !e.span(sc, s, pr, most, r) {
			continue
		}
		if e.packet != nil {
			sc.kept = append(sc.kept, kept{s, (sc.writer.repair|pr.repair)&repairTruncated != 0})
		}
		full := e.count > 0 && n == e.count ||
			n > 0 && e.framing.size(len(pr.bytes), len(sc.buf)-from, n+1) > fill
		if full {
			sc.counts = append(sc.counts, n)
			n, from = 0, mark
		}
		n++
		sc.ends = append(sc.ends, len(sc.buf)-from)
	}
	if n > 0 {
		sc.counts = append(sc.counts, n)
	}
	out = e.assemble(out, pr, sc)
	if whole && len(out)-first > 1 {
		refuse(out[first:], sc.kept, most, r)
		return out[:first]
	}
	return out
}

// assemble makes the payloads that sc describes, in one piece of memory, because they are sent and freed at about the same
// time.
func (e *encoder) assemble(out []*payload, pr *process, sc *scratch) []*payload {
	ends, total, keep := slices.Clone(sc.ends), 0, slices.Clone(sc.kept)
	for i, n := 0, 0; n < len(sc.counts); n++ {
		i += sc.counts[n]
		total += e.framing.size(len(pr.bytes), ends[i-1], sc.counts[n])
	}
	memory, payloads, from := make([]byte, 0, total), make([]payload, len(sc.counts)), 0
	for i, n := range sc.counts {
		p := &payloads[i]
		p.process, p.ends, ends = pr, ends[:n:n], ends[n:]
		if len(keep) > 0 {
			p.kept, keep = keep[:n:n], keep[n:]
		}
		to := from + p.ends[n-1]
		begin := len(memory)
		memory, p.from = e.framing.assemble(memory, pr.bytes, sc.buf[from:to], n)
		p.body, p.from = memory[begin:len(memory):len(memory)], p.from-begin
		from = to
		out = append(out, p)
	}
	return out
}

// process returns the process of s. In a packet it takes at most half of the room.
func (e *encoder) process(s sdktrace.ReadOnlySpan, w *writer, most int) *process {
	if e.packet == nil {
		return e.processes.of(s.Resource(), w, "", 0)
	}
	return e.processes.of(s.Resource(), w, e.packet.client, most/2)
}

// span appends s to sc.buf, or reports it as dropped and returns false.
func (e *encoder) span(sc *scratch, s sdktrace.ReadOnlySpan, pr *process, most int, r *delivery.Report) bool {
	w, mark := &sc.writer, len(sc.buf)
	sc.buf = w.span(sc.buf, s)
	if size := len(sc.buf) - mark; e.packet != nil && e.framing.size(len(pr.bytes), size, 1) > most {
		fits := false
		sc.buf = sc.buf[:mark]
		if e.packet.truncate {
			room := most - e.framing.size(len(pr.bytes), 0, 1)
			sc.buf, fits = w.fit(sc.buf, s, room)
		}
		if !fits {
			r.Note(tooLarge(s, size, most))
			r.Drop(s, delivery.DropTooLarge)
			return false
		}
	}
	if made := w.repair | pr.repair; made != 0 {
		report(r, s, made)
	}
	return true
}

// report adds the repairs of s to r.
func report(r *delivery.Report, s sdktrace.ReadOnlySpan, made repairs) {
	for _, k := range [...]struct {
		bit  repairs
		kind delivery.Repair
	}{
		{repairUTF8, delivery.RepairUTF8},
		{repairValue, delivery.RepairValue},
		{repairDuration, delivery.RepairDuration},
		{repairStart, delivery.RepairStart},
		{repairTruncated, delivery.RepairTruncated},
	} {
		if made&k.bit != 0 {
			r.Repair(s, k.kind)
		}
	}
}
