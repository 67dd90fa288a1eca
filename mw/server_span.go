package mw

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// A serverSpan is a request with a recording span: the facts of the request, the context and the copy of the request
// that the handler gets, and the state of the response.
//
// How it works. [handler.ServeHTTP] starts the span and makes one serverSpan per traced request, which is one
// allocation, together with the handle of the span if the tracer supports records. What only some options need is in
// optionalInfo. The serverSpan
// is itself the context of the request, so that SetRoute, Route and nested middlewares find it, and each writer that
// wraps it is one pointer wide. While the handler runs, the writer records status, size and the first failed write.
// When the handler ends, by a return, a panic or runtime.Goexit, finish looks up the route, names the span, derives
// the outcome, sets all attributes that are left and ends the span. A serverSpan is never reused: a handler may keep
// its request, context and writer for as long as it likes, and use them from several goroutines.
type serverSpan struct {
	derivedRequest
	response
	requestInfo
	span trace.Span
	name string       // at the start
	body *countedBody // nil unless the body of the request is counted

	deferred bool        // the attributes of the start are set at the end
	ended    atomic.Bool // a request with this context is another one now

	routeSet    string // by SetRoute
	routeNested string // by a nested middleware
	routeBefore string // known at start
}

// Value returns s for requestKey, its span for the key of trace.SpanFromContext, and passes on all other keys.
func (s *serverSpan) Value(key any) any {
	if key == (requestKey{}) {
		return s
	}
	return s.value(key)
}

// SetRoute sets the route of the request that ctx belongs to, for routers that this package does not support. It takes
// precedence over all other sources, also if it is called after the response was written. Outside of a request with a
// span it does nothing. It is safe for concurrent use.
func SetRoute(ctx context.Context, route string) {
	if s, ok := ctx.Value(requestKey{}).(*serverSpan); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.routeSet = route
	}
}

// setNestedRoute sets the route that a nested middleware found. The innermost one, which comes first, is the most
// precise.
func (s *serverSpan) setNestedRoute(route string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.routeNested == "" {
		s.routeNested = route
	}
}

// run calls next and ends the span.
func (s *serverSpan) run(next http.Handler, routes *routeFinder, w http.ResponseWriter) {
	s.w = w
	if s.m.bodySizes && s.in.ContentLength < 0 && s.in.Body != nil {
		s.body = &countedBody{ReadCloser: s.in.Body}
		s.request.Body = s.body
	}
	// The span is not ended by a deferred call of its End, because the SDK would add a second event for a panic.
	guard.Run(func() {
		next.ServeHTTP(newWriter(&s.response, w), &s.request)
	}, func(end guard.End, v any) { s.finish(routes, end, v) })
}

// finish sets the outcome of the span, names it, sets the remaining attributes, and ends it. The end is deferred because
// functions of the program may panic. A span that is not kept ends without a name and attributes.
func (s *serverSpan) finish(routes *routeFinder, end guard.End, v any) {
	defer func() { s.span.End() }()
	s.ended.Store(true)
	out := s.outcome(end, v)
	if out.errorType != "" {
		s.span.SetStatus(codes.Error, semattr.Own(out.description))
	}
	if instrumentation.Discard(s.span) {
		s.copyBack(s.in, end == guard.Returned)
		return
	}
	spanNameWord := s.m.methods.info(methodOf(s.in)).spanNameWord
	name, route := s.m.names.of(spanNameWord, s.route(routes)) // before copyBack, which changes the pattern
	s.copyBack(s.in, end == guard.Returned)
	if out.errorType != handlerAborted {
		s.m.RecordPanic(s.span, end, v)
	}
	s.rename(s.m.nameOf(s.in, spanNameWord, route, name))
	if !s.deferred {
		s.span.SetAttributes(s.endAttributes(make([]attribute.KeyValue, 0, maxEnd), out, route)...)
		return
	}
	buf := buffers.Get()
	s.span.SetAttributes(buf.Keep(s.endAttributes(buf.Attributes(), out, route))...)
	buffers.Put(buf)
}

// rename gives the span its final name, unless the handler has set one.
func (s *serverSpan) rename(name string) {
	if name == s.name {
		return
	}
	if named, ok := s.span.(interface{ Name() string }); ok && named.Name() != s.name {
		return
	}
	s.span.SetName(name)
}

// endAttributes appends the attributes that are not set yet. Errors come first, because a span with a low limit keeps
// the first attributes.
func (s *serverSpan) endAttributes(attrs []attribute.KeyValue, out outcome, route string) []attribute.KeyValue {
	if out.errorType != "" {
		attrs = append(attrs, s.optionalInfo().userAttributes.ErrorType(out.errorType))
	}
	if out.code != 0 {
		attrs = append(attrs, semattr.HTTPResponseStatusCode.Int(out.code))
	}
	if route != "" && (s.deferred || route != s.routeBefore) {
		attrs = append(attrs, semattr.HTTPRoute.String(route))
	}
	if s.m.bodySizes {
		attrs = append(attrs,
			semattr.HTTPRequestBodySize.Int64(s.requestBytes()),
			semattr.HTTPResponseBodySize.Int64(s.bytes.Load()))
	}
	s.mu.Lock()
	attrs = append(attrs, s.sent...)
	s.mu.Unlock()
	attrs = s.optionalInfo().userAttributes.RemoveFrom(attrs)
	if !s.deferred {
		return attrs
	}
	return instrumentation.AppendUnset(attrs, s.span, func(attrs []attribute.KeyValue) []attribute.KeyValue {
		return s.m.startAttributes(attrs, &s.requestInfo, s.in, "")
	})
}

func (s *serverSpan) requestBytes() int64 {
	switch {
	case s.body != nil:
		return s.body.n.Load()
	case s.in.ContentLength > 0:
		return s.in.ContentLength
	}
	return 0
}

// route returns the final route, by the precedence of the sources.
func (s *serverSpan) route(routes *routeFinder) string {
	s.mu.Lock()
	set, nested := s.routeSet, s.routeNested
	s.mu.Unlock()
	if set != "" {
		return cleanTarget(set)
	}
	if nested != "" {
		return nested
	}
	return routes.after(&s.request, s.in.Pattern, s.routeBefore)
}

// Route returns the route of r if it is known, else "": the one of [SetRoute], that of a router that r passed, or the
// one found when r arrived. In a handler it is the route that the span will have.
func Route(r *http.Request) string {
	if s, ok := r.Context().Value(requestKey{}).(*serverSpan); ok {
		s.mu.Lock()
		set, nested, before := s.routeSet, s.routeNested, s.routeBefore
		s.mu.Unlock()
		switch {
		case set != "":
			return cleanTarget(set)
		case nested != "":
			return nested
		}
		if route := routed(r); route != "" {
			return route
		}
		return before
	}
	return routed(r)
}
