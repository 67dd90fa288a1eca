package mw

import (
	"context"
	"net/http"
	"strings"
)

// requestKey is the context key under which a nested middleware finds what the outer one made of the request.
type requestKey struct{}

// A passage is a request on its way through a middleware: the context and the copy of the request that the handler
// gets, in one allocation. A bare passage has no span that records; a [record] has. It is never reused.
type derivedRequest struct {
	context.Context
	request http.Request
}

// Value answers for requestKey and passes every other key on.
func (p *derivedRequest) Value(key any) any {
	if key == (requestKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// serve calls next with the copy of r. The defer gives back what net/http must find on its own request.
func (p *derivedRequest) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	returned := false
	defer func() { p.copyBack(r, returned) }()
	next.ServeHTTP(w, &p.request)
	returned = true
}

// giveBack copies to r what routers and handlers set on the handler's copy. net/http removes the files of the
// multipart form of r afterwards, but not when the handler panicked.
func (p *derivedRequest) copyBack(r *http.Request, returned bool) {
	switch {
	case r.Pattern == p.request.Pattern: // one request may be served twice at once, as long as neither handler writes to it
	case strings.Contains(p.request.Pattern, "{"):
		copyMatch(r, p.request)
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
func copyMatch(r *http.Request, routed http.Request) {
	routed.Method, routed.URL, routed.Host, routed.RequestURI, routed.RemoteAddr = r.Method, r.URL, r.Host, r.RequestURI, r.RemoteAddr
	routed.Proto, routed.ProtoMajor, routed.ProtoMinor, routed.TLS = r.Proto, r.ProtoMajor, r.ProtoMinor, r.TLS
	routed.Header, routed.Trailer, routed.TransferEncoding, routed.Close = r.Header, r.Trailer, r.TransferEncoding, r.Close
	routed.Body, routed.GetBody, routed.ContentLength = r.Body, r.GetBody, r.ContentLength
	routed.Form, routed.PostForm, routed.MultipartForm = r.Form, r.PostForm, r.MultipartForm
	routed.Cancel, routed.Response = r.Cancel, r.Response //nolint:staticcheck // deprecated, but a field to keep
	*r = *routed.WithContext(r.Context())
}
