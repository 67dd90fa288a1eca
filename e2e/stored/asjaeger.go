package stored

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// asJaeger converts a span to the model of Jaeger (see docs/exporters.md): data without a field becomes a tag. Times
// are in whole µs, truncated, if micros; api_v2 has the exact ones.
func asJaeger(s sdktrace.ReadOnlySpan, micros bool) Span {
	span := Exact(s)
	span.Attributes = jaegerSpanTags(s)
	span.Resource = attributesOf(withoutService(s.Resource().Attributes()), jaegerText)
	for i, e := range s.Events() {
		span.Events[i] = Event{Time: e.Time.UnixNano(), Attributes: jaegerFields(e, jaegerText)}
	}
	for i := range span.Links {
		l := &span.Links[i]
		*l = Link{TraceID: l.TraceID, SpanID: l.SpanID, Attributes: []string{textOf("ref", "FOLLOWS_FROM")}}
	}
	span.Kind, span.Status, span.StatusText, span.TraceState = "", "", "", ""
	span.Scope, span.Dropped = Scope{}, Dropped{}
	if micros {
		truncate(&span)
	}
	return span
}

func truncate(span *Span) {
	span.Start -= span.Start % 1000
	span.Duration -= span.Duration % 1000
	for i := range span.Events {
		span.Events[i].Time -= span.Events[i].Time % 1000
	}
}

func withoutService(list []attribute.KeyValue) []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(list), func(kv attribute.KeyValue) bool { return kv.Key == "service.name" })
}

func jaegerSpanTags(s sdktrace.ReadOnlySpan) []string {
	failed := s.Status().Code == codes.Error
	tags := attributesOf(s.Attributes(), jaegerText)
	if failed { // exactly one error tag
		tags = slices.DeleteFunc(tags, func(t string) bool { return strings.HasPrefix(t, "error=") })
		tags = append(tags, boolOf("error", true))
	}
	if kind := kindOf(s.SpanKind()); kind != "internal" && kind != "" {
		tags = append(tags, textOf("span.kind", kind))
	}
	tags = append(tags, statusTags(s.Status())...)
	tags = append(tags, scopeTags(s)...)
	tags = append(tags, attributesOf(scopeAttributes(s), jaegerText)...)
	if ts := s.SpanContext().TraceState().String(); ts != "" {
		tags = append(tags, textOf("w3c.tracestate", ts))
	}
	return sorted(append(tags, droppedTags(s, intOf)...))
}

func statusTags(s sdktrace.Status) (tags []string) {
	if s.Code != codes.Unset {
		tags = append(tags, textOf("otel.status_code", strings.ToUpper(statusOf(s.Code))))
	}
	if s.Description != "" {
		tags = append(tags, textOf("otel.status_description", clean(s.Description)))
	}
	return tags
}

func scopeTags(s sdktrace.ReadOnlySpan) (tags []string) {
	scope := s.InstrumentationScope()
	for _, prefix := range []string{"otel.scope.", "otel.library."} {
		if scope.Name != "" {
			tags = append(tags, textOf(prefix+"name", clean(scope.Name)))
		}
		if scope.Version != "" {
			tags = append(tags, textOf(prefix+"version", clean(scope.Version)))
		}
	}
	return tags
}

func droppedTags(s sdktrace.ReadOnlySpan, tag func(string, int64) string) (tags []string) {
	for key, n := range map[string]int{
		"otel.dropped_attributes_count": s.DroppedAttributes(),
		"otel.dropped_events_count":     s.DroppedEvents(),
		"otel.dropped_links_count":      s.DroppedLinks(),
	} {
		if n > 0 {
			tags = append(tags, tag(key, int64(n)))
		}
	}
	return tags
}

func jaegerFields(e sdktrace.Event, text func(string, attribute.Value) string) []string {
	fields := attributesOf(e.Attributes, text)
	if !slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "event=") }) {
		fields = append(fields, textOf("event", clean(e.Name)))
	}
	if e.DroppedAttributeCount > 0 {
		fields = append(fields, intOf("otel.dropped_attributes_count", int64(e.DroppedAttributeCount)))
	}
	return sorted(fields)
}

// jaegerText keeps the types that tags have; arrays and maps are JSON text, NaN and the infinities text.
func jaegerText(key string, v attribute.Value) string {
	switch v.Type() {
	case attribute.BOOL, attribute.INT64, attribute.BYTESLICE:
		return otlpText(key, v)
	case attribute.FLOAT64:
		if _, odd := oddNumber(v.AsFloat64()); !odd {
			return otlpText(key, v)
		}
	}
	return textOf(key, plain(v))
}
