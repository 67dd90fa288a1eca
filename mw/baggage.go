package mw

import (
	"maps"
	"net/http"
)

// dropBaggage removes the caller's baggage from r, the handler's copy of the request, if it is not wanted: a handler
// that is a proxy forwards the header unchanged.
func (m *middleware) dropBaggage(r *http.Request) {
	if m.DropsRemoteBaggage() && len(r.Header["Baggage"]) > 0 {
		r.Header = maps.Clone(r.Header)
		delete(r.Header, "Baggage")
	}
}
