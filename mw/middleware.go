package mw

import (
	"maps"
	"net/http"
	"reflect"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
)

// A middleware is what New makes of its options.
type middleware struct {
	*httpInstrumentation
	serverOptions
}

func newMiddleware(o serverOptions) *middleware {
	m := &middleware{newHTTPInstrumentation(trace.SpanKindServer, o.common), o}
	if spanKey != nil {
		m.UseRecords(reflect.TypeFor[serverSpan](), reflect.TypeFor[derivedRequest]())
	}
	return m
}

// dropBaggage removes the caller's baggage from r, the handler's copy of the request, if it is not wanted: a handler
// that is a proxy would forward the headers.
func (m *middleware) dropBaggage(r *http.Request) {
	if !m.DropsRemoteBaggage() {
		return
	}
	received := r.Header
	for name := range received {
		if !instrumentation.IsBaggage(name) {
			continue
		}
		if len(r.Header) == len(received) {
			r.Header = maps.Clone(received)
		}
		delete(r.Header, name)
	}
}
