package mw

import (
	"net/http"
	"net/url"

	"github.com/spanroute/spanroute/internal/suppress"
)

// A Transport makes one CLIENT span of each request it sends, by the HTTP semantic conventions v1.43.0. Each redirect
// that an http.Client follows is a request of its own; a base that retries must be outside of the Transport to have a
// span for each attempt. It is safe for concurrent use if its base is. Make it with [NewTransport].
type Transport struct {
	client *clientInstrumentation
	base   http.RoundTripper
}

// NewTransport returns a Transport that sends requests with base, or with http.DefaultTransport if base is nil.
// Callers must read response bodies to their end or close them, as net/http requires: the span ends with the body.
func NewTransport(base http.RoundTripper, opts ...ClientOption) *Transport {
	if base == nil {
		base = http.DefaultTransport
	}
	return &Transport{newClientInstrumentation(newClientOptions(opts)), base}
}

// CloseIdleConnections closes the idle connections of the base. http.Client.CloseIdleConnections calls it.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// innermost returns the base of the innermost Transport.
func (t *Transport) innermost() http.RoundTripper {
	if inner, ok := t.base.(*Transport); ok {
		return inner.innermost()
	}
	return t.base
}

// RoundTrip sends req under a span. It does not change req, and returns the error of the base unchanged.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil || inFlight(req) {
		return t.base.RoundTrip(req)
	}
	if t.client.excludedByProgram(req) {
		return t.pass(req)
	}
	return t.client.start(req).roundTrip(t.base)
}

// pass sends an excluded request: without a span, also of an inner Transport.
func (t *Transport) pass(req *http.Request) (*http.Response, error) {
	c := &clientSpan{Context: suppress.Context(req.Context()), in: t.client, req: req}
	defer c.ended.Store(true)
	c.inject(c)
	return c.send(t.base)
}

// inFlight reports whether an outer Transport traces req: its context has a span with the same method and URL.
func inFlight(req *http.Request) bool {
	c, ok := req.Context().Value(clientKey{}).(*clientSpan)
	return ok && !c.ended.Load() && methodOf(c.req) == methodOf(req) && sameURL(c.req.URL, req.URL)
}

func sameURL(a, b *url.URL) bool { return a == b || a.String() == b.String() }
