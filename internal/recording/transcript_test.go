package recording_test

import (
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// describe returns all that a span shows, a line for each field that is not empty. Times before the year 2000 are those
// of the test, in seconds; others are "now". Stacks are left out.
func describe(s sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+"\n", args...) }
	fmt.Fprintf(&b, "span %q %v [%s]\n", s.Name(), s.SpanKind(), contextText(s.SpanContext()))
	if parent := s.Parent(); !parent.Equal(trace.SpanContext{}) {
		line("parent [%s]", contextText(parent))
	}
	line("time %s to %s", at(s.StartTime()), at(s.EndTime()))
	for _, kv := range s.Attributes() {
		line("%q = %s", kv.Key, valueText(kv))
	}
	for _, e := range s.Events() {
		line("event %q at %s, %d dropped%s", e.Name, at(e.Time), e.DroppedAttributeCount, attributesText(e.Attributes))
	}
	for _, l := range s.Links() {
		line("link [%s], %d dropped%s", contextText(l.SpanContext), l.DroppedAttributeCount, attributesText(l.Attributes))
	}
	if status := s.Status(); status != (sdktrace.Status{}) {
		line("status %v %q", status.Code, status.Description)
	}
	if s.DroppedAttributes()+s.DroppedEvents()+s.DroppedLinks() > 0 {
		line("dropped %d attributes, %d events, %d links", s.DroppedAttributes(), s.DroppedEvents(), s.DroppedLinks())
	}
	if s.ChildSpanCount() > 0 {
		line("children %d", s.ChildSpanCount())
	}
	scope := s.InstrumentationScope()
	line("scope %q %q %q%s", scope.Name, scope.Version, scope.SchemaURL, attributesText(scope.Attributes.ToSlice()))
	if library := s.InstrumentationLibrary(); library != scope { //nolint:staticcheck // a method of the interface
		line("library %v differs from the scope", library)
	}
	line("resource %s", s.Resource())
	return b.String()
}

func contextText(sc trace.SpanContext) string {
	text := fmt.Sprintf("%s/%s flags %s", strings.TrimLeft(sc.TraceID().String(), "0"), strings.TrimLeft(sc.SpanID().String(), "0"), sc.TraceFlags())
	if sc.IsRemote() {
		text += " remote"
	}
	if sc.TraceState().Len() > 0 {
		text += " state " + sc.TraceState().String()
	}
	return text
}

func at(t time.Time) string {
	switch {
	case t.IsZero():
		return "zero"
	case t.Year() < 2000:
		return fmt.Sprint(t.Unix(), "s")
	}
	return "now"
}

func attributesText(list []attribute.KeyValue) string {
	var b strings.Builder
	for _, kv := range list {
		fmt.Fprintf(&b, "; %q = %s", kv.Key, valueText(kv))
	}
	return b.String()
}

// valueText returns different texts for values of different types and for different floats, and one text for all stacks.
func valueText(kv attribute.KeyValue) string {
	if kv.Key == "exception.stacktrace" && strings.HasPrefix(kv.Value.AsString(), "goroutine ") {
		return "a stack"
	}
	return anyText(kv.Value)
}

func anyText(v attribute.Value) string {
	var parts []string
	switch v.Type() {
	case attribute.FLOAT64:
		return fmt.Sprintf("FLOAT64 %x", math.Float64bits(v.AsFloat64()))
	case attribute.FLOAT64SLICE:
		for _, f := range v.AsFloat64Slice() {
			parts = append(parts, fmt.Sprintf("%x", math.Float64bits(f)))
		}
	case attribute.BYTESLICE:
		return fmt.Sprintf("BYTESLICE %x", v.AsString())
	case attribute.STRINGSLICE:
		for _, s := range v.AsStringSlice() {
			parts = append(parts, fmt.Sprintf("%q", s))
		}
	case attribute.SLICE:
		for _, one := range v.AsSlice() {
			parts = append(parts, anyText(one))
		}
	case attribute.MAP:
		for _, kv := range v.AsMap() {
			parts = append(parts, fmt.Sprintf("%q: %s", kv.Key, anyText(kv.Value)))
		}
	default:
		return fmt.Sprintf("%v %q", v.Type(), v.String())
	}
	return fmt.Sprintf("%v[%s]", v.Type(), strings.Join(parts, ", "))
}
