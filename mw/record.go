package mw

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// requestKey is the context key under which a nested middleware finds what the outer one made of the request.
type requestKey struct{}

// A passage is a request on its way through a middleware: the context and the copy of the request that the handler
// gets, in one allocation. A bare passage has no span that records; a [record] has. It is never reused.
type passage struct {
	context.Context
	request http.Request
}

// Value answers for requestKey and passes every other key on.
func (p *passage) Value(key any) any {
	if key == (requestKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// serve calls next with the copy of r. The defer gives back what net/http must find on its own request.
func (p *passage) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	returned := false
	defer func() { p.giveBack(r, returned) }()
	next.ServeHTTP(w, &p.request)
	returned = true
}

// giveBack copies to r what routers and handlers set on the handler's copy. net/http removes the files of the
// multipart form of r afterwards, but not when the handler panicked.
func (p *passage) giveBack(r *http.Request, returned bool) {
	switch {
	case r.Pattern == p.request.Pattern: // one request may be served twice at once, as long as neither handler writes to it
	case strings.Contains(p.request.Pattern, "{"):
		giveMatch(r, p.request)
	default:
		r.Pattern = p.request.Pattern
	}
	form := p.request.MultipartForm
	if form == nil {
		return
	}
	r.MultipartForm = form
	if !returned {
		_ = form.RemoveAll() // nobody is left to be told
	}
}

// giveMatch copies the match of a ServeMux from the request that it routed to r: the pattern, and what PathValue looks
// into. That has no exported fields, so all fields are assigned, and the exported ones keep their values.
func giveMatch(r *http.Request, routed http.Request) {
	routed.Method, routed.URL, routed.Host, routed.RequestURI, routed.RemoteAddr = r.Method, r.URL, r.Host, r.RequestURI, r.RemoteAddr
	routed.Proto, routed.ProtoMajor, routed.ProtoMinor, routed.TLS = r.Proto, r.ProtoMajor, r.ProtoMinor, r.TLS
	routed.Header, routed.Trailer, routed.TransferEncoding, routed.Close = r.Header, r.Trailer, r.TransferEncoding, r.Close
	routed.Body, routed.GetBody, routed.ContentLength = r.Body, r.GetBody, r.ContentLength
	routed.Form, routed.PostForm, routed.MultipartForm = r.Form, r.PostForm, r.MultipartForm
	routed.Cancel, routed.Response = r.Cancel, r.Response //nolint:staticcheck // deprecated, but a field to keep
	*r = *routed.WithContext(r.Context())
}

// A record is a passage with a recording span: what is known of the request, and the state of its response writer.
// It is one allocation per traced request, so its size is what a span costs; what only options need is in extras.
type record struct {
	passage
	response
	arrival
	m    *middleware
	in   *http.Request // as the middleware received it
	span trace.Span
	name string       // given at start
	body *countedBody // nil unless the body of the request is counted

	late  bool        // start attributes are still to be set
	ended atomic.Bool // what comes on this context now is another request

	mu          sync.Mutex           // of the fields below
	routeSet    string               // by SetRoute
	routeNested string               // by a nested middleware
	routeBefore string               // known at start
	fault       error                // the first failed write
	sent        []attribute.KeyValue // captured headers of the response
}

// Value answers for requestKey and passes every other key on.
func (rec *record) Value(key any) any {
	if key == (requestKey{}) {
		return rec
	}
	return rec.Context.Value(key)
}

// SetRoute names the route of the request that ctx belongs to, for routers that this package does not know. It
// wins over every other source, also when called after the response was written. Outside of a request with a span
// it does nothing. It is safe for concurrent use.
func SetRoute(ctx context.Context, route string) {
	if rec, ok := ctx.Value(requestKey{}).(*record); ok {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.routeSet = route
	}
}

// nest tells the route that a nested middleware found; the innermost one is the most precise.
func (rec *record) nest(route string) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.routeNested == "" {
		rec.routeNested = route
	}
}

// arrival is what is known of a request when it arrives. It is taken from the request before the handler runs,
// because handlers and middlewares change what they share with it: its URL and its header.
type arrival struct {
	path, query, agent string        // the query is redacted
	line               semattr.Owner // of what is part of the request line
	extras             *extras       // nil unless options ask for more
}

// extras are what options ask for when a request arrives.
type extras struct {
	claim   claim
	headers []attribute.KeyValue           // captured
	own     instrumentation.UserAttributes // of WithRequestAttributes
}

var noExtras extras
