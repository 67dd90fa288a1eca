package delivery

import (
	"errors"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Report collects what one call of Encode could not do. The zero value is ready, which is
// how an Encoder is tested. It is not safe for concurrent use.
type Report struct {
	limit    int
	dropped  map[Reason]int
	repaired map[Repair]int
	last     map[Repair]spanID // the span a kind of repair was last counted for
	note     string
	panicked error // a panic of Encode
	panics   int   // spans dropped because of one
}

type spanID struct {
	trace trace.TraceID
	span  trace.SpanID
}

// Limit is the most bytes a payload may have at the moment: what the receiver was found to
// take. 0 means that nothing is known and the encoder's own limit holds. A single span above
// it still forms a payload of its own.
func (r *Report) Limit() int { return r.limit }

// Drop reports that no payload contains span, and the reason: one of the Drop constants, or DropInvalid if it is
// empty. Call it once per span.
func (r *Report) Drop(_ sdktrace.ReadOnlySpan, reason Reason) {
	if reason == "" {
		reason = DropInvalid
	}
	r.dropped = plus(r.dropped, reason, 1)
}

// Repair reports that span was changed to fit the format; the kinds are the Repair constants.
// Repairs of one kind of one span count once, as long as the spans are encoded one by one.
func (r *Report) Repair(span sdktrace.ReadOnlySpan, kind Repair) {
	id := idOf(span)
	if at, seen := r.last[kind]; seen && at == id {
		return
	}
	r.repaired = plus(r.repaired, kind, 1)
	if r.last == nil {
		r.last = make(map[Repair]spanID, 1)
	}
	r.last[kind] = id
}

// Note leaves a line for the log about the drops of this batch, such as which span was too
// large. Trace id, span id, a name of at most 64 bytes and sizes only: no other span content.
// The last note of a batch wins; the log's rate limit holds.
func (r *Report) Note(line string) { r.note = line }

// Dropped is the number of spans reported as dropped for reason.
func (r *Report) Dropped(reason Reason) int { return r.dropped[reason] }

// Repaired is the number of spans reported as repaired in this kind.
func (r *Report) Repaired(kind Repair) int { return r.repaired[kind] }

// drops is the number of spans reported as dropped.
func (r *Report) drops() int {
	n := 0
	for _, v := range r.dropped {
		n += v
	}
	return n
}

// add joins another report.
func (r *Report) add(other *Report) {
	for reason, n := range other.dropped {
		r.dropped = plus(r.dropped, reason, n)
	}
	for kind, n := range other.repaired {
		r.repaired = plus(r.repaired, kind, n)
	}
	if other.note != "" {
		r.note = other.note
	}
	if other.panicked != nil {
		r.panicked = other.panicked
	}
}

// dropPanicked reports that the encoder panicked on span.
func (r *Report) dropPanicked(span sdktrace.ReadOnlySpan, panicked error) {
	r.Drop(span, DropEncode)
	r.panicked = panicked
	r.panics++
}

// cause returns the error that the log shows for drops of this reason.
func (r *Report) cause(reason Reason) error {
	switch {
	case reason == DropEncode && r.panicked != nil:
		return r.panicked
	case r.note != "":
		return errors.New(r.note)
	}
	return fmt.Errorf("the format cannot represent the span: %s", reason)
}

// used reports whether r differs from the zero value.
func (r *Report) used() bool {
	return r.dropped != nil || r.repaired != nil || r.note != "" || r.panicked != nil
}

// onlyPanics is the part of a report that is about spans that panicked.
func (r *Report) onlyPanics() *Report {
	return &Report{dropped: map[Reason]int{DropEncode: r.panics}, panicked: r.panicked}
}

func plus[K ~string](counts map[K]int, key K, n int) map[K]int {
	if counts == nil {
		counts = make(map[K]int, 1)
	}
	counts[key] += n
	return counts
}

func idOf(span sdktrace.ReadOnlySpan) spanID {
	sc := span.SpanContext()
	return spanID{sc.TraceID(), sc.SpanID()}
}
