package mw

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/semattr"
)

// A Transport makes one CLIENT span of each request it sends, by the HTTP semantic conventions v1.43.0. Each
// redirect that an http.Client follows is a request of its own; a retrier belongs outside. It is safe for
// concurrent use if its base is. Make it with [NewTransport].
type Transport struct {
	client *clientInstrumentation
	base   http.RoundTripper
}

// A clientInstrumentation is what NewTransport makes of its options.
type clientInstrumentation struct {
	*httpInstrumentation
	clientOptions
}

// NewTransport returns a Transport that sends requests with base, http.DefaultTransport if that is nil. Callers
// must read or close response bodies, as net/http wants it: the span ends with the body.
func NewTransport(base http.RoundTripper, opts ...ClientOption) *Transport {
	if base == nil {
		base = http.DefaultTransport
	}
	o := newClientOptions(opts)
	return &Transport{&clientInstrumentation{newHTTPInstrumentation(trace.SpanKindClient, o.common), o}, base}
}

// CloseIdleConnections is for http.Client.CloseIdleConnections.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip sends req under a span. Neither req nor what belongs to it is changed; the base's error is returned as
// it is.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL == nil || inFlight(req) {
		return t.base.RoundTrip(req)
	}
	if t.client.excludedByProgram(req) {
		return t.pass(req)
	}
	return t.client.start(req).roundTrip(t.base)
}

// pass sends an excluded request: no span, and none by an inner Transport either.
func (t *Transport) pass(req *http.Request) (*http.Response, error) {
	c := &call{Context: policy.Suppress(req.Context()), req: req}
	defer c.ended.Store(true)
	c.out = t.client.inject(c, req)
	return c.send(t.base)
}

// inject returns the copy of req that goes out: with ctx, and with its trace headers instead of any old ones.
func (in *clientInstrumentation) inject(ctx context.Context, req *http.Request) *http.Request {
	out := req.WithContext(ctx)
	p := in.Propagator()
	fields := p.Fields()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		fields = nil // nothing to put in their place
	}
	out.Header = outgoing(req.Header, fields)
	p.Inject(ctx, carrier(out.Header))
	return out
}

// asked makes the response belong to the request that the caller knows.
func (c *call) asked(res *http.Response) *http.Response {
	if res != nil && res.Request == c.out {
		res.Request = c.req
	}
	return res
}

type templateKey struct{}

// ContextWithURLTemplate names the template of the URLs that are requested with the returned context, such as
// "/users/{id}". It becomes url.template and part of the name of their spans.
func ContextWithURLTemplate(ctx context.Context, template string) context.Context {
	return context.WithValue(ctx, templateKey{}, template)
}

type callKey struct{}

// A call is one request under a span, from RoundTrip to the end of the response body. It is the context of the
// request that goes out, too.
type call struct {
	context.Context
	in   *clientInstrumentation
	req  *http.Request
	out  *http.Request
	span trace.Span
	late bool

	departure
	reply reply
	body  *countedBody // of the request, if counted
	ended atomic.Bool

	mu   sync.Mutex
	peer net.Addr
}

// departure is what is known of a request before it goes out.
type departure struct {
	verb
	source   semattr.Owner // of what is part of the URL
	url      string
	template string
	headers  []attribute.KeyValue           // captured
	own      instrumentation.UserAttributes // of WithRequestAttributes
}

// reply is what is known of a response when its header is in. It is taken then, because the response is the
// caller's from then on.
type reply struct {
	code    int
	version string
	length  int64                // of the body, -1 if its bytes are to be counted, -2 if they are not to be told
	headers []attribute.KeyValue // captured
}

// Value answers for callKey and passes every other key on.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// inFlight reports whether an outer Transport is already tracing req: its context shows the same method and URL.
func inFlight(req *http.Request) bool {
	c, ok := req.Context().Value(callKey{}).(*call)
	return ok && !c.ended.Load() && methodOf(c.req) == methodOf(req) && sameURL(c.req.URL, req.URL)
}

func sameURL(a, b *url.URL) bool { return a == b || a.String() == b.String() }

// methodOf is the method that net/http sends for r: GET if none is given.
func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// start starts the span of req and prepares what goes out.
func (in *clientInstrumentation) start(req *http.Request) *call {
	tracer := in.Tracer()
	c := &call{in: in, req: req, late: in.DefersAttributes(tracer)}
	verb := in.methods.verb(methodOf(req))
	template, _ := req.Context().Value(templateKey{}).(string)
	template = in.names.target(verb.label, cleanTarget(template))
	options := in.StartOptions()
	if !c.late {
		c.prepare(verb, template)
		options = append(options, trace.WithAttributes(c.startAttributes(nil)...))
	}
	ctx, span := tracer.Start(req.Context(), in.nameOf(req, verb.label, template), options...)
	c.span = span
	if c.late && span.IsRecording() {
		c.prepare(verb, template)
	}
	c.Context = ctx
	ctx = c
	if span.IsRecording() {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: c.gotConn})
	}
	c.out = in.inject(ctx, req)
	c.countBody()
	return c
}

func (c *call) gotConn(info httptrace.GotConnInfo) {
	peer := remoteAddr(info.Conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if peer != nil {
		c.peer = peer
	}
}

// remoteAddr is nil for a connection that has none or panics: a dialer may return a wrapper of nothing.
func remoteAddr(conn net.Conn) (addr net.Addr) {
	defer func() {
		if recover() != nil {
			addr = nil
		}
	}()
	if conn == nil {
		return nil
	}
	return conn.RemoteAddr()
}

// prepare takes from the request what the span will tell.
func (c *call) prepare(v verb, template string) {
	in, s := c.in, &c.departure
	s.verb, s.template = v, template
	s.source, s.url = targetOwner(c.req), in.redactor.full(c.req.URL, in.Policy())
	if !in.captureRequest.Empty() {
		s.headers = in.captureRequest.AppendRedacted(nil, requestHeader(c.req), in.redactHeader)
	}
	if in.attributes != nil {
		s.own.Add(in.userAttributes(c.req), s.source.And(headerOwner(c.req.Header)))
	}
}

func (c *call) startAttributes(attrs []attribute.KeyValue) []attribute.KeyValue {
	s := &c.departure
	attrs = s.verb.append(attrs, s.source)
	if s.url != "" {
		attrs = append(attrs, semattr.URLFull.String(s.url))
	}
	if host, port, ok := semattr.HostPort(targetHost(c.req)); ok {
		attrs = appendServer(attrs, s.source.Inside(s.url, host), portOr(port, c.req.URL.Scheme))
	}
	if s.template != "" {
		attrs = append(attrs, semattr.URLTemplate.String(s.template))
	}
	if n := resends(c.req); n > 0 {
		attrs = append(attrs, semattr.HTTPRequestResendCount.Int(n))
	}
	return s.own.Override(append(attrs, s.headers...))
}

func targetHost(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}

// portOr is the port, or what the scheme stands for.
func portOr(port int, scheme string) int {
	switch {
	case port > 0:
		return port
	case scheme == "https":
		return 443
	case scheme == "http":
		return 80
	}
	return 0
}

// maxResends bounds the walk along the requests that redirects came from.
const maxResends = 1000

// resends is how many responses led to req.
func resends(req *http.Request) (n int) {
	for res := req.Response; res != nil && n < maxResends; n++ {
		if res.Request == nil {
			return n + 1
		}
		res = res.Request.Response
	}
	return n
}

// countBody counts an outgoing body of unknown length, also when net/http rewinds it.
func (c *call) countBody() {
	if !c.in.bodySizes || !c.span.IsRecording() || bodyLength(c.req) >= 0 {
		return
	}
	c.body = &countedBody{ReadCloser: c.req.Body}
	c.out.Body = c.body
	if rewind := c.req.GetBody; rewind != nil {
		c.out.GetBody = func() (body io.ReadCloser, err error) {
			if body, err = rewind(); err == nil {
				c.body.n.Store(0)
				body = &countedAgain{body, c.body}
			}
			return body, err
		}
	}
}

// finish ends the span with out, once.
func (c *call) finish(out outcome, responseBytes int64) {
	if !c.ended.CompareAndSwap(false, true) {
		return
	}
	defer func() { c.span.End() }()
	if !c.span.IsRecording() {
		return
	}
	if out.errorType != "" {
		c.span.SetStatus(codes.Error, semattr.Own(out.description))
	}
	c.span.SetAttributes(c.endAttributes(out, responseBytes)...)
}

// failure is the outcome of a call without an error in the response code. Only the caller's own cancel is none.
func (c *call) failure(code int, err error) outcome {
	ctx := c.req.Context()
	if ctx.Err() == context.Canceled {
		return outcome{code: code}
	}
	name := semattr.ErrorName(err)
	if deadline, ok := ctx.Deadline(); name == "" && ok && !time.Now().Before(deadline) {
		name = "context.DeadlineExceeded" // http.Client.Timeout closes Request.Cancel, whose error has no name
	}
	if name == "" {
		name = semattr.ErrorType(err)
	}
	return outcome{code: code, errorType: name, description: c.errorText(err)}
}

// isClientError reports whether a response code makes a client span an error by default.
func isClientError(code int) bool { return code >= 400 || code < 100 }

// judged is the outcome by the response's code alone.
func (in *clientInstrumentation) judged(code int) outcome {
	if in.isError(code) {
		return outcome{code: code, errorType: strconv.Itoa(code)}
	}
	return outcome{code: code}
}
