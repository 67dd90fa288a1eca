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

// A clientSpan is one request under a span, from RoundTrip to the end of the response body. It is also the context of
// the request that is sent.
//
// How it works. start reads the facts of the request, starts the span and makes the copy of the request that is sent,
// with the trace headers of the span. A hook of net/http/httptrace records the peer. The response ends the span at
// once if no body follows; otherwise its body is wrapped and ends the span at EOF, at an error, or when it is closed.
// An inner Transport finds the clientSpan in the context and makes no second span. finish may be called by several
// goroutines; the first call ends the span.
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

// clientRequestInfo holds the facts of a request that the span records. They are read before it is sent.
type clientRequestInfo struct {
	methodInfo
	source         semattr.Owner // of parts of the URL
	url            string
	template       string
	headers        []attribute.KeyValue           // captured
	userAttributes instrumentation.UserAttributes // of WithRequestAttributes
}

// Value returns c for clientKey and passes on all other keys.
func (c *clientSpan) Value(key any) any {
	if key == (clientKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// start starts the span of req and makes the request that is sent.
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

// remoteAddr returns nil for a connection without an address or whose method panics: a dialer may return a wrapper of
// nil.
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

// prepare reads the facts of the request.
func (c *clientSpan) prepare(m methodInfo, template string) {
	in, s := c.in, &c.clientRequestInfo
	s.methodInfo, s.template = m, template
	s.source, s.url = targetOwner(c.req), in.redactor.full(c.req.URL, in.Policy())
	if !in.captureRequest.Empty() {
		s.headers = in.captureRequest.AppendRedacted(nil, requestHeader(c.req), in.redactHeader)
	}
	if in.attributes != nil {
		s.userAttributes.Add(in.userAttributes(c.req), s.source.And(contentOwner(c.req)))
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

// portOr returns port, or else the default port of scheme.
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

// maxResends bounds the number of redirects that are followed back.
const maxResends = 1000

// resends returns the number of responses that led to req.
func resends(req *http.Request) (n int) {
	for res := req.Response; res != nil && n < maxResends; n++ {
		if res.Request == nil {
			return n + 1
		}
		res = res.Request.Response
	}
	return n
}

// finish ends the span with out. Only the first call has an effect.
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

// maxExchange is the capacity for every attribute of a client span except captured headers and those of the program.
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
