package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Fields of Span, Span.Event, Span.Link and Status.
const (
	spanTraceID, spanID, spanState, spanParent, spanName, spanKind = 1, 2, 3, 4, 5, 6

	spanStart, spanEnd, spanAttributes, spanDroppedAttributes  = 7, 8, 9, 10
	spanEvents, spanDroppedEvents, spanLinks, spanDroppedLinks = 11, 12, 13, 14
	spanStatus, spanFlags                                      = 15, 16

	eventTime, eventName, eventAttributes, eventDropped = 1, 2, 3, 4

	linkTraceID, linkSpanID, linkState, linkAttributes, linkDropped, linkFlags = 1, 2, 3, 4, 5, 6

	statusMessage, statusCode = 2, 3
)

// span appends the content of a Span message. start and end are in nanoseconds, already repaired.
func (w *writer) span(s sdktrace.ReadOnlySpan, start, end uint64) {
	sc, parent := s.SpanContext(), s.Parent()
	w.context(sc)
	if id := parent.SpanID(); id.IsValid() {
		w.id(spanParent, id[:])
	}
	w.text(spanName, s.Name())
	w.number(spanKind, uint64(kindOf(s.SpanKind())))
	w.nanos(spanStart, start)
	w.nanos(spanEnd, end)
	w.attributes(spanAttributes, s.Attributes())
	w.number(spanDroppedAttributes, clamp(s.DroppedAttributes()))
	w.events(s.Events())
	w.number(spanDroppedEvents, clamp(s.DroppedEvents()))
	w.links(s.Links())
	w.number(spanDroppedLinks, clamp(s.DroppedLinks()))
	w.status(s.Status())
	w.flags(spanFlags, flags(sc.TraceFlags(), parent))
}

// context appends ids and tracestate, which have the same field numbers in a span and in a link.
func (w *writer) context(sc trace.SpanContext) {
	traceID, id := sc.TraceID(), sc.SpanID()
	w.id(spanTraceID, traceID[:])
	w.id(spanID, id[:])
	if state := sc.TraceState(); state.Len() > 0 {
		w.text(spanState, state.String())
	}
}

// events appends each event as a Span.Event message.
func (w *writer) events(events []sdktrace.Event) {
	for i := range events {
		e := &events[i]
		start := w.begin(spanEvents)
		w.nanos(eventTime, nanos(e.Time))
		w.text(eventName, e.Name)
		w.attributes(eventAttributes, e.Attributes)
		w.number(eventDropped, clamp(e.DroppedAttributeCount))
		w.end(start)
	}
}

// links appends each link as a Span.Link message, with its tracestate, which upstream leaves out.
func (w *writer) links(links []sdktrace.Link) {
	for i := range links {
		l := &links[i]
		start := w.begin(spanLinks)
		w.context(l.SpanContext)
		w.attributes(linkAttributes, l.Attributes)
		w.number(linkDropped, clamp(l.DroppedAttributeCount))
		w.flags(linkFlags, flags(l.SpanContext.TraceFlags(), l.SpanContext))
		w.end(start)
	}
}

// status appends a Status message, also for a status that is not set: upstream does so.
func (w *writer) status(s sdktrace.Status) {
	start := w.begin(spanStatus)
	w.text(statusMessage, s.Description)
	w.number(statusCode, uint64(codeOf(s.Code)))
	w.end(start)
}

var epoch = time.Unix(0, 0)

// nanos returns the time in the range of the format; UnixNano alone is undefined outside 1678 to 2262.
func nanos(t time.Time) uint64 {
	switch sec := t.Unix(); {
	case sec < 0:
		return 0
	case sec > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	}
	return uint64(t.UnixNano())
}

// flags returns the W3C flags, the flag that the origin of the parent is known, and whether the parent is remote. Bits
// 8 and 9 are those of opentelemetry-proto: without bit 8 a backend cannot distinguish a local parent from an unknown
// one.
func flags(own trace.TraceFlags, parent trace.SpanContext) uint32 {
	f := uint32(own) | uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if parent.IsRemote() {
		f |= uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	return f
}

// kindOf returns the kind of the protocol. Unknown kinds are unspecified.
func kindOf(k trace.SpanKind) tracepb.Span_SpanKind {
	switch k {
	case trace.SpanKindInternal:
		return tracepb.Span_SPAN_KIND_INTERNAL
	case trace.SpanKindServer:
		return tracepb.Span_SPAN_KIND_SERVER
	case trace.SpanKindClient:
		return tracepb.Span_SPAN_KIND_CLIENT
	case trace.SpanKindProducer:
		return tracepb.Span_SPAN_KIND_PRODUCER
	case trace.SpanKindConsumer:
		return tracepb.Span_SPAN_KIND_CONSUMER
	}
	return tracepb.Span_SPAN_KIND_UNSPECIFIED
}

// codeOf returns the status code of the protocol, which has other numbers than the API. Unknown codes are unset. In the
// API, Error is 1 and Ok is 2; in the protocol it is the other way round.
func codeOf(c codes.Code) tracepb.Status_StatusCode {
	switch c {
	case codes.Ok:
		return tracepb.Status_STATUS_CODE_OK
	case codes.Error:
		return tracepb.Status_STATUS_CODE_ERROR
	}
	return tracepb.Status_STATUS_CODE_UNSET
}

// clamp returns n in the range of a 32-bit count.
func clamp(n int) uint64 { return uint64(min(max(0, int64(n)), math.MaxUint32)) }
