package mw

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/requestheader"
	"github.com/spanroute/spanroute/internal/semattr"
)

// New returns a middleware that makes one SERVER span of each request, by the HTTP semantic conventions v1.43.0.
// The result may be used for any number of handlers, by any number of goroutines. Place it outermost.
func New(opts ...ServerOption) func(http.Handler) http.Handler {
	m := newMiddleware(newServerOptions(opts))
	return func(next http.Handler) http.Handler {
		h := &handler{middleware: m, next: next, routes: routeFinder{router: m.router, mux: m.mux}}
		if routes, ok := next.(chi.Routes); ok && m.router == nil {
			h.routes.router = routes
		}
		h.routes.below, _ = next.(*http.ServeMux)
		return h
	}
}

type handler struct {
	*middleware
	next   http.Handler
	routes routeFinder
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch outer := r.Context().Value(requestKey{}).(type) {
	case *serverSpan:
		if !outer.ended.Load() {
			h.serveNested(w, r, outer)
			return
		}
	case *derivedRequest:
		h.next.ServeHTTP(w, r)
		return
	}
	if r.URL == nil { // no server makes such a request, so there is nothing to record
		h.next.ServeHTTP(w, r)
		return
	}
	ctx, remote := h.ExtractRemote(r.Context(), carrier(r.Header))
	if h.excludes(r) {
		h.pass(newExcludedRequest(ctx, remote), w, r)
		return
	}
	h.serveTraced(ctx, remote, w, r)
}

// pass serves r in the context p, without a recording span and with the original writer.
func (h *handler) pass(p *derivedRequest, w http.ResponseWriter, r *http.Request) {
	p.request = *r.WithContext(p)
	h.dropBaggage(&p.request)
	p.serve(h.next, w, r)
}

// serveNested serves a request that an outer middleware traces. It reports the route that it finds to outer.
func (h *handler) serveNested(w http.ResponseWriter, r *http.Request, outer *serverSpan) {
	received := r.Pattern
	before := h.routes.before(r, false)
	defer func() { outer.setNestedRoute(h.routes.after(r, received, before)) }()
	h.next.ServeHTTP(w, r)
}

// excludes reports whether r gets no span. It is called once, before the span would start.
func (h *handler) excludes(r *http.Request) bool {
	p := h.Policy()
	return p.ExcludesPath(r.URL.Path) || p.NeedsURL() && p.ExcludesURL(h.url(r)) || h.excludedByProgram(r)
}

// url returns the URL of r in the form that excluded_urls matches: scheme://host/path.
func (h *handler) url(r *http.Request) string {
	info := h.forwardedInfo(r)
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	host := hostOf(r, info)
	if _, _, ok := semattr.HostPort(host); !ok {
		host = "" // as on the span: an invalid Host must not be mistaken for part of the path
	}
	return schemeOf(r, info) + "://" + host + path
}

// serveTraced serves r under a span. Its parent is remote if that is valid, and otherwise the span in ctx.
func (h *handler) serveTraced(ctx context.Context, remote trace.SpanContext, w http.ResponseWriter, r *http.Request) {
	spanNameWord := h.methods.info(methodOf(r)).spanNameWord
	name, route := h.names.of(spanNameWord, h.routes.before(r, h.Policy().ReadsRoutes()))
	name = h.nameOf(r, spanNameWord, route, name)
	record, span := h.startRecord(ctx, remote, name)
	if record == nil {
		record, span = h.startSpan(instrumentation.WithRemote(ctx, remote), r, name, route)
	}
	if id := span.SpanContext().TraceID(); h.traceIDHeader != "" && id.IsValid() {
		w.Header().Set(h.traceIDHeader, id.String())
	}
	s, ok := record.(*serverSpan)
	if !ok {
		h.pass(record.(*derivedRequest), w, r)
		return
	}
	if s.deferred {
		h.readRequest(&s.requestInfo, r)
	}
	s.span, s.name, s.routeBefore = span, name, route
	s.m, s.in = h.middleware, r
	s.request = *r.WithContext(s)
	h.dropBaggage(&s.request)
	s.run(h.next, &h.routes, w)
}

// startRecord starts a span in a record, which is a [serverSpan] or, if the span is not recorded, a [derivedRequest]. It
// returns nil if the tracer does not support records. Requests at a public endpoint need options, which records do not
// have.
func (h *handler) startRecord(ctx context.Context, remote trace.SpanContext, name string) (any, trace.Span) {
	if h.publicEndpoint != nil {
		return nil, nil
	}
	record, span := h.StartRecord(ctx, remote, name)
	switch record := record.(type) {
	case *serverSpan:
		record.Context, record.held, record.deferred = ctx, span, true
	case *derivedRequest:
		record.Context, record.held = ctx, span
	}
	return record, span
}

// startSpan starts the span of r by the tracer, and returns the record that startRecord returns.
func (h *handler) startSpan(ctx context.Context, r *http.Request, name, route string) (any, trace.Span) {
	tracer := h.Tracer()
	deferAttributes := h.DefersAttributes(tracer)
	var a requestInfo
	options := h.StartOptions()
	if !deferAttributes {
		h.readRequest(&a, r)
		attrs := h.startAttributes(make([]attribute.KeyValue, 0, maxStart), &a, r, route)
		options = append(options, trace.WithAttributes(attrs...))
	}
	if h.publicEndpoint != nil && h.publicEndpoint(r.WithContext(ctx)) {
		options = instrumentation.AsNewRoot(ctx, options)
	}
	if h.Policy().ReadsRequests() {
		ctx = requestheader.With(ctx, requestHeader(r))
	}
	ctx, span := tracer.Start(ctx, name, options...)
	if !span.IsRecording() {
		return &derivedRequest{Context: ctx}, span
	}
	s := &serverSpan{deferred: deferAttributes, requestInfo: a}
	s.Context = ctx
	return s, span
}
