package delivery

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// An arena holds the texts of one copied span in one allocation of just their size.
type arena struct{ b strings.Builder }

func (a *arena) grow(n int) { a.b.Grow(n) }

// text returns a copy of s. The arena must have room for it: growing would leave the texts before it in an
// array of their own.
func (a *arena) text(s string) string {
	from := a.b.Len()
	a.b.WriteString(s)
	return a.b.String()[from:]
}

func (a *arena) attributes(list []attribute.KeyValue) []attribute.KeyValue {
	if len(list) == 0 {
		return nil
	}
	own := make([]attribute.KeyValue, len(list))
	for i, kv := range list {
		own[i] = attribute.KeyValue{Key: attribute.Key(a.text(string(kv.Key))), Value: a.value(kv.Value)}
	}
	return own
}

// value copies the texts of v. Numbers and bytes are arrays of the SDK's own already.
func (a *arena) value(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(a.text(v.AsString()))
	case attribute.STRINGSLICE:
		list := v.AsStringSlice()
		for i, s := range list {
			list[i] = a.text(s)
		}
		return attribute.StringSliceValue(list)
	case attribute.SLICE:
		list := v.AsSlice()
		for i, one := range list {
			list[i] = a.value(one)
		}
		return attribute.SliceValue(list...)
	case attribute.MAP:
		return attribute.MapValue(a.attributes(v.AsMap())...)
	default:
		return v
	}
}

// textBytes is the size of the arena that o needs.
func (o *owned) textBytes() int {
	n := len(o.name) + len(o.status.Description) + textsOf(o.attributes)
	for _, e := range o.events {
		n += len(e.Name) + textsOf(e.Attributes)
	}
	for _, l := range o.links {
		n += textsOf(l.Attributes)
	}
	return n
}

func textsOf(list []attribute.KeyValue) int {
	n := 0
	for _, kv := range list {
		n += len(kv.Key) + textOf(kv.Value)
	}
	return n
}

func textOf(v attribute.Value) int {
	n := 0
	switch v.Type() {
	case attribute.STRING:
		n = len(v.AsString())
	case attribute.STRINGSLICE:
		for _, s := range v.AsStringSlice() {
			n += len(s)
		}
	case attribute.SLICE:
		for _, one := range v.AsSlice() {
			n += textOf(one)
		}
	case attribute.MAP:
		n = textsOf(v.AsMap())
	}
	return n
}

// ownStates parses every tracestate again from a text of its own: the members of one that was read from a header
// refer to the whole header, padding included. A span and its parent nearly always have the same one.
func (o *owned) ownStates() {
	context := o.context.TraceState()
	state := ownState(context)
	o.context = o.context.WithTraceState(state)
	if parent := o.parent.TraceState(); !sameState(parent, context) {
		state = ownState(parent)
	}
	o.parent = o.parent.WithTraceState(state)
	for i, l := range o.links {
		o.links[i].SpanContext = l.SpanContext.WithTraceState(ownState(l.SpanContext.TraceState()))
	}
}

// ownState returns a copy of state. One that does not parse cannot be made outside the API's package.
func ownState(state trace.TraceState) trace.TraceState {
	if state.Len() == 0 {
		return trace.TraceState{}
	}
	own, err := trace.ParseTraceState(state.String())
	if err != nil {
		return state
	}
	return own
}

// sameState reports whether two tracestates have the same members in the same order.
func sameState(a, b trace.TraceState) bool {
	if a.Len() != b.Len() {
		return false
	}
	return a.Len() == 0 || a.String() == b.String()
}
