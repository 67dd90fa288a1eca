package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// fixedSize is more than the fields of a span, event or link without text take.
const fixedSize = 128

func (t *tree) span(sd sdktrace.ReadOnlySpan) *tracepb.Span {
	sc, parent, status := sd.SpanContext(), sd.Parent(), sd.Status()
	t.bound += fixedSize
	s := t.newSpan()
	s.TraceId, s.SpanId = t.ids(sc)
	s.TraceState = t.text(sc.TraceState().String())
	if parent.SpanID().IsValid() {
		id := parent.SpanID()
		s.ParentSpanId = t.bytes(id[:])
	}
	s.Flags = flags(sc.TraceFlags(), parent)
	s.Name = t.text(sd.Name())
	s.Kind = kindOf(sd.SpanKind())
	s.Status.Code = statusOf(status.Code)
	s.Status.Message = t.text(status.Description)
	t.times(s, sd)
	s.Attributes = t.keyValues(sd.Attributes())
	s.Events = t.events(sd.Events())
	s.Links = t.links(sd.Links())
	s.DroppedAttributesCount = clamp(sd.DroppedAttributes())
	s.DroppedEventsCount = clamp(sd.DroppedEvents())
	s.DroppedLinksCount = clamp(sd.DroppedLinks())
	return s
}

// times sets start and end. OTLP counts from 1970 on and receivers take end before start for an
// overflow, so both are repaired.
func (t *tree) times(s *tracepb.Span, sd sdktrace.ReadOnlySpan) {
	start, end := sd.StartTime(), sd.EndTime()
	if start.Before(epoch) {
		t.report.Repair(sd, delivery.RepairStart)
	}
	if end.Before(start) {
		t.report.Repair(sd, delivery.RepairDuration)
		end = start
	}
	s.StartTimeUnixNano, s.EndTimeUnixNano = nanos(start), nanos(end)
}

var epoch = time.Unix(0, 0)

// nanos is the time in the range of the format; UnixNano alone is undefined outside 1678 to 2262.
func nanos(t time.Time) uint64 {
	switch sec := t.Unix(); {
	case sec < 0:
		return 0
	case sec > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	}
	return uint64(t.UnixNano())
}

func (t *tree) ids(sc trace.SpanContext) (traceID, spanID []byte) {
	tid, sid := sc.TraceID(), sc.SpanID()
	return t.bytes(tid[:]), t.bytes(sid[:])
}

func (t *tree) events(events []sdktrace.Event) []*tracepb.Span_Event {
	if len(events) == 0 {
		return nil
	}
	out := make([]*tracepb.Span_Event, len(events))
	block := make([]tracepb.Span_Event, len(events))
	for i := range events {
		e := &block[i]
		t.bound += fixedSize
		e.Name = t.text(events[i].Name)
		e.TimeUnixNano = nanos(events[i].Time)
		e.Attributes = t.keyValues(events[i].Attributes)
		e.DroppedAttributesCount = clamp(events[i].DroppedAttributeCount)
		out[i] = e
	}
	return out
}

func (t *tree) links(links []sdktrace.Link) []*tracepb.Span_Link {
	if len(links) == 0 {
		return nil
	}
	out := make([]*tracepb.Span_Link, len(links))
	block := make([]tracepb.Span_Link, len(links))
	for i := range links {
		l, sc := &block[i], links[i].SpanContext
		t.bound += fixedSize
		l.TraceId, l.SpanId = t.ids(sc)
		l.TraceState = t.text(sc.TraceState().String())
		l.Attributes = t.keyValues(links[i].Attributes)
		l.DroppedAttributesCount = clamp(links[i].DroppedAttributeCount)
		l.Flags = flags(sc.TraceFlags(), sc)
		out[i] = l
	}
	return out
}

// flags are the W3C flags, that it is known whether the parent is remote, and whether it is.
func flags(own trace.TraceFlags, parent trace.SpanContext) uint32 {
	f := uint32(own) | uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if parent.IsRemote() {
		f |= uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	return f
}

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

func statusOf(c codes.Code) tracepb.Status_StatusCode {
	switch c {
	case codes.Ok:
		return tracepb.Status_STATUS_CODE_OK
	case codes.Error:
		return tracepb.Status_STATUS_CODE_ERROR
	}
	return tracepb.Status_STATUS_CODE_UNSET
}

func clamp(n int) uint32 { return uint32(min(max(0, int64(n)), math.MaxUint32)) }
