package mw

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/spanrecord"
	"github.com/spanroute/spanroute/internal/suppress"
)

// requestKey is the context key under which a nested middleware finds the serverSpan or derivedRequest of the outer
// one.
type requestKey struct{}

// A derivedRequest is the context and the copy of the request that the handler gets, in one allocation. It is used
// alone for a request without a recording span, and embedded in a [serverSpan] and an [excludedRequest]. It is never
// reused, so that handlers may keep it.
type derivedRequest struct {
	context.Context
	held    trace.Span // the span of this context, or nil if Context holds it
	request http.Request
}

// Value returns p for requestKey, its span for the key of trace.SpanFromContext, and passes on all other keys.
func (p *derivedRequest) Value(key any) any {
	if key == (requestKey{}) {
		return p
	}
	return p.value(key)
}

// value is Value for keys other than requestKey.
func (p *derivedRequest) value(key any) any {
	if p.held == nil {
		return p.Context.Value(key)
	}
	if key == spanKey {
		return p.held
	}
	if excluded, ok := p.held.(*suppress.Span); ok && suppress.IsMark(key) {
		return excluded
	}
	return p.Context.Value(key)
}

// spanKey is the key under which trace.SpanFromContext looks up the span of a context, or nil if it is unknown.
var spanKey = spanrecord.Key()

// An excludedRequest is a derivedRequest with the span of an excluded request, in one allocation.
type excludedRequest struct {
	derivedRequest
	span suppress.Span
}

// newExcludedRequest returns the record of an excluded request. Its caller's span context is remote if that is valid, and
// otherwise that of ctx.
func newExcludedRequest(ctx context.Context, remote trace.SpanContext) *derivedRequest {
	if !remote.IsValid() {
		remote = trace.SpanContextFromContext(ctx)
	}
	if spanKey == nil {
		return &derivedRequest{Context: suppress.Context(instrumentation.WithRemote(ctx, remote))}
	}
	p := &excludedRequest{derivedRequest{Context: ctx}, suppress.Of(remote)}
	p.held = &p.span
	return &p.derivedRequest
}

// serve calls next with the copy of r. Its deferred call copies back what net/http must find on its own request.
func (p *derivedRequest) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	returned := false
	defer func() { p.copyBack(r, returned) }()
	next.ServeHTTP(w, &p.request)
	returned = true
}

// copyBack copies to r what routers and handlers set on the handler's copy. net/http removes the files of the
// multipart form of r afterwards, but not if the handler panicked.
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
		_ = form.RemoveAll() // the error has no receiver
	}
}

// copyMatch copies the match of a ServeMux from the request that it routed to r: the pattern, and the data of
// PathValue. The latter has no exported fields, so all fields are assigned, and the exported ones keep their values.
func copyMatch(r *http.Request, routed http.Request) {
	routed.Method, routed.URL, routed.Host, routed.RequestURI, routed.RemoteAddr = r.Method, r.URL, r.Host, r.RequestURI, r.RemoteAddr
	routed.Proto, routed.ProtoMajor, routed.ProtoMinor, routed.TLS = r.Proto, r.ProtoMajor, r.ProtoMinor, r.TLS
	routed.Header, routed.Trailer, routed.TransferEncoding, routed.Close = r.Header, r.Trailer, r.TransferEncoding, r.Close
	routed.Body, routed.GetBody, routed.ContentLength = r.Body, r.GetBody, r.ContentLength
	routed.Form, routed.PostForm, routed.MultipartForm = r.Form, r.PostForm, r.MultipartForm
	routed.Cancel, routed.Response = r.Cancel, r.Response //nolint:staticcheck // deprecated, but a field to keep
	*r = *routed.WithContext(r.Context())
}
