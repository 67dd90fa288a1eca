package mw

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/semattr"
)

// An httpInstrumentation is what a middleware and a Transport have in common: the options, compiled once. It is
// immutable except for the tracer and the span names that it caches.
type httpInstrumentation struct {
	*instrumentation.Instrumentation
	options
	methods         methods
	names           spanNames
	captureRequest  semattr.Capture
	captureResponse semattr.Capture
}

// New returns a middleware that makes one SERVER span of each request, by the HTTP semantic conventions v1.43.0.
// The result may be used for any number of handlers, by any number of goroutines. Place it outermost.
func New(opts ...ServerOption) func(http.Handler) http.Handler {
	m := newMiddleware(newServerOptions(opts))
	return func(next http.Handler) http.Handler {
		h := &handler{middleware: m, next: next, router: m.router}
		if routes, ok := next.(chi.Routes); ok && h.router == nil {
			h.router = routes
		}
		return h
	}
}

// A middleware is what New makes of its options.
type middleware struct {
	*httpInstrumentation
	serverOptions
}

func newMiddleware(o serverOptions) *middleware {
	return &middleware{newHTTPInstrumentation(trace.SpanKindServer, o.common), o}
}

func newHTTPInstrumentation(kind trace.SpanKind, o options) *httpInstrumentation {
	return &httpInstrumentation{
		options:         o,
		Instrumentation: instrumentation.New(scopeName, kind, o.source),
		methods:         newMethods(o),
		captureRequest:  semattr.NewCapture(semattr.HTTPRequestHeaderPrefix, o.requestHeaders, o.unredacted),
		captureResponse: semattr.NewCapture(semattr.HTTPResponseHeaderPrefix, o.responseHeaders, o.unredacted),
	}
}

type handler struct {
	*middleware
	next   http.Handler
	router chi.Routes
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch outer := r.Context().Value(requestKey{}).(type) {
	case *record:
		if !outer.ended.Load() {
			h.serveNested(w, r, outer)
			return
		}
	case *passage:
		h.next.ServeHTTP(w, r)
		return
	}
	if r.URL == nil { // no server makes such a request, so there is nothing to tell of it
		h.next.ServeHTTP(w, r)
		return
	}
	ctx := h.Extract(r.Context(), carrier(r.Header))
	if h.excludes(r) {
		h.pass(policy.Suppress(ctx), w, r)
		return
	}
	h.serveTraced(ctx, w, r)
}

// pass serves r without a span that records: in ctx, with the writer as it is.
func (h *handler) pass(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	p := &passage{Context: ctx}
	p.request = *r.WithContext(p)
	h.dropBaggage(&p.request)
	p.serve(h.next, w, r)
}

// serveNested is the inner of two middlewares: it only tells the route that it can see.
func (h *handler) serveNested(w http.ResponseWriter, r *http.Request, outer *record) {
	received := r.Pattern
	before := h.routeBefore(r)
	defer func() { outer.nest(h.routeAfter(r, received, before)) }()
	h.next.ServeHTTP(w, r)
}

// excludes decides on arrival, once, whether r gets no span.
func (h *handler) excludes(r *http.Request) bool {
	p := h.Policy()
	return p.ExcludesPath(r.URL.Path) || p.NeedsURL() && p.ExcludesURL(h.url(r)) || h.excludedByProgram(r)
}

// excludedByProgram reports whether a function of WithExclude excludes r.
func (in *httpInstrumentation) excludedByProgram(r *http.Request) bool {
	for _, exclude := range in.exclude {
		if exclude(r) {
			return true
		}
	}
	return false
}

// userAttributes returns what the functions of WithRequestAttributes give.
func (in *httpInstrumentation) userAttributes(r *http.Request) []attribute.KeyValue {
	if len(in.attributes) == 1 {
		return in.attributes[0](r)
	}
	var attrs []attribute.KeyValue
	for _, attributes := range in.attributes {
		attrs = append(attrs, attributes(r)...)
	}
	return attrs
}

// url is scheme://host/path as excluded_urls sees it.
func (h *handler) url(r *http.Request) string {
	c := h.proxies.read(r.RemoteAddr, r.Header)
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	host := hostOf(r, c)
	if _, _, ok := semattr.HostPort(host); !ok {
		host = "" // as on the span; a host that is none must not pass for a part of the path
	}
	return schemeOf(r, c) + "://" + host + path
}

func (h *handler) serveTraced(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	tracer := h.Tracer()
	late := h.DefersAttributes(tracer)
	label := h.methods.verb(methodOf(r)).label
	route := h.names.target(label, h.routeBefore(r))
	name := h.nameOf(r, label, route)
	var a arrival
	options := h.StartOptions()
	if !late {
		h.arrive(&a, r)
		attrs := h.startAttributes(make([]attribute.KeyValue, 0, maxArrival), &a, r, route)
		options = append(options, trace.WithAttributes(attrs...))
	}
	if h.publicEndpoint != nil && h.publicEndpoint(r.WithContext(ctx)) {
		options = instrumentation.AsNewRoot(ctx, options)
	}
	ctx, span := tracer.Start(ctx, name, options...)
	if id := span.SpanContext().TraceID(); h.traceIDHeader != "" && id.IsValid() {
		w.Header().Set(h.traceIDHeader, id.String())
	}
	if !span.IsRecording() {
		h.pass(ctx, w, r)
		return
	}
	if late {
		h.arrive(&a, r)
	}
	rec := &record{m: h.middleware, in: r, span: span, name: name, late: late, arrival: a, routeBefore: route}
	rec.Context = ctx
	rec.request = *r.WithContext(rec)
	h.dropBaggage(&rec.request)
	rec.run(h, w)
}

// nameOf is the name of a span as far as it is known.
func (m *httpInstrumentation) nameOf(r *http.Request, label, route string) string {
	if m.spanName != nil {
		if name := m.spanName(r, label, route); name != "" {
			return requestOwner(r).Text(name)
		}
	}
	return m.names.of(label, route)
}

// arrive takes from r what its span will tell.
func (m *middleware) arrive(a *arrival, r *http.Request) {
	a.path = r.URL.EscapedPath()
	if a.path == "" {
		a.path = "/"
	}
	a.query = m.redactor.query(r.URL.RawQuery, m.Policy())
	a.agent = first(r.Header["User-Agent"])
	attrs := m.userAttributes(r)
	a.line = a.lineOwner(r, attrs)
	claim := m.proxies.read(r.RemoteAddr, r.Header)
	if claim == noExtras.claim && m.captureRequest.Empty() && m.attributes == nil {
		return
	}
	a.extras = &extras{claim: claim, headers: m.captureRequest.AppendRedacted(nil, requestHeader(r), m.redactHeader)}
	if m.attributes != nil {
		a.extras.own.Add(attrs, a.line.And(headerOwner(r.Header)))
	}
}

// more returns the extras, which may be none.
func (a *arrival) more() *extras {
	if a.extras == nil {
		return &noExtras
	}
	return a.extras
}

// requestHeader looks up lower-case names among the headers of r, Host included.
func requestHeader(r *http.Request) func(name string) []string {
	return func(name string) []string {
		if name == "host" && r.Host != "" {
			return []string{r.Host}
		}
		return r.Header.Values(name)
	}
}

// startAttributes appends those that the reference page marks "start".
func (m *middleware) startAttributes(
	attrs []attribute.KeyValue, a *arrival, r *http.Request, route string,
) []attribute.KeyValue {
	attrs = m.appendArrival(attrs, a, r)
	if route != "" {
		attrs = append(attrs, semattr.HTTPRoute.String(route))
	}
	return a.more().own.Override(attrs)
}
