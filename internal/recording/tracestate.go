package recording

import "go.opentelemetry.io/otel/trace"

// ownStates replaces the tracestates by copies. The members of one that was read from a header refer to the whole
// header, padding included. A span and its parent usually have the same one.
func (b *Body) ownStates() {
	for i := range b.links.list {
		if link := &b.links.list[i]; link.SpanContext.TraceState().Len() > 0 {
			link.SpanContext = link.SpanContext.WithTraceState(ownState(link.SpanContext.TraceState()))
		}
	}
	state, inherited := b.context.TraceState(), b.parent.TraceState()
	if state.Len() == 0 && inherited.Len() == 0 {
		return
	}
	own := ownState(state)
	b.context = b.context.WithTraceState(own)
	if !sameState(state, inherited) {
		own = ownState(inherited)
	}
	b.parent = b.parent.WithTraceState(own)
}

// ownState returns a copy of state, or state itself if its text does not parse.
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
	return a.Len() == b.Len() && a.String() == b.String()
}
