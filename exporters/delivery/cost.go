package delivery

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What a span keeps alive is estimated, not measured: these are the fixed parts, in bytes. They are the sizes of
// the SDK's types on 64-bit platforms, with a share for what the allocator rounds up.
const (
	costSpan      = 512 // the snapshot and its place in a queue
	costAttribute = 64
	costEvent     = 80
	costLink      = 104
	costMember    = 40 // of a tracestate, with spare room in its list
	costElement   = 20 // of a list of texts
)

// Cost estimates the bytes that a span keeps alive, which is what a queue is bounded by. The truth is between
// 0.7 and 1.3 times the estimate for a span that [Own] or [Copy] returned: names, texts, attributes, events,
// links, tracestates and the scope are counted, with the spare room of their arrays; the resource is not, since
// all spans of a provider share it. A snapshot that several destinations share is charged to each of them.
//
// Cost allocates only for attributes that are arrays or maps, since OpenTelemetry hands those out as copies.
func Cost(span sdktrace.ReadOnlySpan) int64 {
	cost, _ := examine(span)
	return cost
}

// examine returns the cost of a span, and whether it may keep more alive than it shows. It calls each method
// once: those of the SDK copy the whole snapshot.
func examine(span sdktrace.ReadOnlySpan) (cost int64, hides bool) {
	n := costSpan + len(span.Name()) + len(span.Status().Description) + scopeCost(span.InstrumentationScope())
	n += listCost(span.Attributes())
	states := stateCost(span.SpanContext().TraceState(), span.Parent().TraceState())
	n, hides = n+states, states > 0
	events, links := span.Events(), span.Links()
	n += costEvent*cap(events) + costLink*cap(links)
	for i := range events {
		n += len(events[i].Name) + listCost(events[i].Attributes)
		hides = hides || trimmed(&events[i])
	}
	for i := range links {
		state := membersCost(links[i].SpanContext.TraceState())
		n += listCost(links[i].Attributes) + state
		hides = hides || state > 0 || clipped(&links[i])
	}
	return int64(n), hides
}

// listCost counts the room for attributes that are not set as well.
func listCost(list []attribute.KeyValue) int {
	return costAttribute*(cap(list)-len(list)) + attributesCost(list)
}

func attributesCost(list []attribute.KeyValue) int {
	n := 0
	for i := range list {
		n += costAttribute + len(list[i].Key) + valueCost(&list[i].Value)
	}
	return n
}

// valueCost is what a value holds beyond the fixed part of its attribute.
func valueCost(v *attribute.Value) int {
	switch v.Type() {
	case attribute.STRING, attribute.BYTESLICE:
		return len(v.AsString())
	case attribute.BOOLSLICE:
		return len(v.AsBoolSlice())
	case attribute.INT64SLICE:
		return 8 * len(v.AsInt64Slice())
	case attribute.FLOAT64SLICE:
		return 8 * len(v.AsFloat64Slice())
	case attribute.STRINGSLICE:
		return stringsCost(v.AsStringSlice())
	case attribute.SLICE:
		return valuesCost(v.AsSlice())
	case attribute.MAP:
		return attributesCost(v.AsMap())
	default:
		return 0
	}
}

func stringsCost(list []string) int {
	n := costElement * len(list)
	for _, s := range list {
		n += len(s)
	}
	return n
}

func valuesCost(list []attribute.Value) int {
	n := costAttribute * len(list)
	for i := range list {
		n += valueCost(&list[i])
	}
	return n
}

func scopeCost(s instrumentation.Scope) int {
	n := len(s.Name) + len(s.Version) + len(s.SchemaURL)
	for i := range s.Attributes.Len() {
		kv, _ := s.Attributes.Get(i)
		n += costAttribute + len(kv.Key) + valueCost(&kv.Value)
	}
	return n
}

// stateCost is what the tracestates of a span and of its parent take, which are one if they are equal.
func stateCost(context, parent trace.TraceState) int {
	if context.Len()+parent.Len() == 0 {
		return 0
	}
	n, same := membersCost(context), context.Len() == parent.Len()
	if same {
		context.Walk(func(key, value string) bool {
			same = parent.Get(key) == value
			return same
		})
	}
	if !same {
		n += membersCost(parent)
	}
	return n
}

func membersCost(state trace.TraceState) int {
	n := 0
	if state.Len() > 0 {
		state.Walk(func(key, value string) bool {
			n += costMember + len(key) + len(value) + 2
			return true
		})
	}
	return n
}

// trimmed reports whether attributes above the SDK's limit are still behind those that e shows.
func trimmed(e *sdktrace.Event) bool {
	return e.DroppedAttributeCount > 0 && len(e.Attributes) < cap(e.Attributes)
}

// clipped reports whether the attributes of l are a part of a list of the program, which the SDK does not copy.
func clipped(l *sdktrace.Link) bool { return len(l.Attributes) < cap(l.Attributes) }
