package mw

import (
	"context"
	"maps"
	"net/http"

	"go.opentelemetry.io/otel/baggage"
)

// extract returns the context of r with what the caller sent, its baggage only if that is wanted.
func (m *middleware) extract(r *http.Request) context.Context {
	ctx := m.textMap().Extract(r.Context(), carrier(r.Header))
	if m.noRemoteBaggage && baggage.FromContext(ctx).Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, baggage.FromContext(r.Context()))
	}
	return ctx
}

// dropBaggage removes the caller's baggage from r, the handler's copy of the request, if it is not wanted: a handler
// that is a proxy forwards the header unchanged.
func (m *middleware) dropBaggage(r *http.Request) {
	if m.noRemoteBaggage && len(r.Header["Baggage"]) > 0 {
		r.Header = maps.Clone(r.Header)
		delete(r.Header, "Baggage")
	}
}
