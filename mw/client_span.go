package mw

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

type clientKey struct{}

// A call is one request under a span, from RoundTrip to the end of the response body. It is the context of the
// request that goes out, too.
type clientSpan struct {
	context.Context
	in       *clientInstrumentation
	req      *http.Request
	out      *http.Request
	span     trace.Span
	deferred bool

	clientRequestInfo
	reply reply
	body  *countedBody // of the request, if counted
	ended atomic.Bool

	mu   sync.Mutex
	peer net.Addr
}

// departure is what is known of a request before it goes out.
type clientRequestInfo struct {
	methodInfo
	source         semattr.Owner // of what is part of the URL
	url            string
	template       string
	headers        []attribute.KeyValue           // captured
	userAttributes instrumentation.UserAttributes // of WithRequestAttributes
}

// Value answers for callKey and passes every other key on.
func (c *clientSpan) Value(key any) any {
	if key == (clientKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// start starts the span of req and prepares what goes out.
func (in *clientInstrumentation) start(req *http.Request) *clientSpan {
	tracer := in.Tracer()
	c := &clientSpan{in: in, req: req, deferred: in.DefersAttributes(tracer)}
	method := in.methods.info(methodOf(req))
	template, _ := req.Context().Value(templateKey{}).(string)
	template = in.names.target(method.spanNameWord, cleanTarget(template))
	options := in.StartOptions()
	if !c.deferred {
		c.prepare(method, template)
		options = append(options, trace.WithAttributes(c.startAttributes(nil)...))
	}
	ctx, span := tracer.Start(req.Context(), in.nameOf(req, method.spanNameWord, template), options...)
	c.span = span
	if c.deferred && span.IsRecording() {
		c.prepare(method, template)
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

func (c *clientSpan) gotConn(info httptrace.GotConnInfo) {
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
func (c *clientSpan) prepare(m methodInfo, template string) {
	in, s := c.in, &c.clientRequestInfo
	s.methodInfo, s.template = m, template
	s.source, s.url = targetOwner(c.req), in.redactor.full(c.req.URL, in.Policy())
	if !in.captureRequest.Empty() {
		s.headers = in.captureRequest.AppendRedacted(nil, requestHeader(c.req), in.redactHeader)
	}
	if in.attributes != nil {
		s.userAttributes.Add(in.userAttributes(c.req), s.source.And(headerOwner(c.req.Header)))
	}
}

func (c *clientSpan) startAttributes(attrs []attribute.KeyValue) []attribute.KeyValue {
	s := &c.clientRequestInfo
	attrs = s.methodInfo.append(attrs, s.source)
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
	return s.userAttributes.Override(append(attrs, s.headers...))
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

// finish ends the span with out, once.
func (c *clientSpan) finish(out outcome, responseBytes int64) {
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

// maxExchange is the capacity that holds every attribute of a client span but captured headers and the user's.
const maxExchange = 13

func (c *clientSpan) endAttributes(out outcome, responseBytes int64) []attribute.KeyValue {
	n := maxExchange + len(c.headers) + len(c.userAttributes.List()) + len(c.reply.headers)
	attrs := make([]attribute.KeyValue, 0, n)
	if out.errorType != "" {
		attrs = append(attrs, c.userAttributes.ErrorType(out.errorType))
	}
	attrs = c.appendReply(attrs, responseBytes)
	c.mu.Lock()
	peer, port := semattr.Peer(c.peer)
	c.mu.Unlock()
	if peer != "" {
		attrs = appendPeer(attrs, semattr.Text(peer), port)
	}
	attrs = c.userAttributes.RemoveFrom(attrs)
	if c.deferred {
		return instrumentation.AppendUnset(attrs, c.span, c.startAttributes)
	}
	return attrs
}

func (c *clientSpan) appendReply(attrs []attribute.KeyValue, bytes int64) []attribute.KeyValue {
	if c.reply.code != 0 {
		attrs = append(attrs, semattr.HTTPResponseStatusCode.Int(c.reply.code))
	}
	if c.reply.version != "" {
		attrs = append(attrs, semattr.NetworkProtocolVersion.String(c.reply.version))
	}
	if c.in.bodySizes {
		attrs = append(attrs, semattr.HTTPRequestBodySize.Int64(c.requestBytes()))
		switch {
		case c.reply.code == 0 || c.reply.length == bodySizeOmit:
		case c.reply.length >= 0:
			attrs = append(attrs, semattr.HTTPResponseBodySize.Int64(c.reply.length))
		default:
			attrs = append(attrs, semattr.HTTPResponseBodySize.Int64(bytes))
		}
	}
	return append(attrs, c.reply.headers...)
}
