package mw

import (
	"maps"
	"net/http"

	"go.opentelemetry.io/otel/trace"
)

// A middleware is what New makes of its options.
type middleware struct {
	*httpInstrumentation
	serverOptions
}

func newMiddleware(o serverOptions) *middleware {
	return &middleware{newHTTPInstrumentation(trace.SpanKindServer, o.common), o}
}

// dropBaggage removes the caller's baggage from r, the handler's copy of the request, if it is not wanted: a handler
// that is a proxy would forward the header.
func (m *middleware) dropBaggage(r *http.Request) {
	if m.DropsRemoteBaggage() && len(r.Header["Baggage"]) > 0 {
		r.Header = maps.Clone(r.Header)
		delete(r.Header, "Baggage")
	}
}
