package mw

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

type clientKey struct{}

// A clientInstrumentation is what NewTransport makes of its options.
type clientInstrumentation struct {
	*httpInstrumentation
	clientOptions
}

func newClientInstrumentation(o clientOptions) *clientInstrumentation {
	in := &clientInstrumentation{newHTTPInstrumentation(trace.SpanKindClient, o.common), o}
	if spanKey != nil {
		in.UseRecords(reflect.TypeFor[clientSpan](), reflect.TypeFor[clientSpan]())
	}
	return in
}

// A clientSpan is one request under a span, from RoundTrip to the end of the response body. It is also the context of
// the request that is sent.
//
// How it works. start reads the facts of the request, starts the span and makes the copy of the request that is sent,
// with the trace headers of the span. Context, copy, state and, if the tracer supports records, the handle of the span are
// one allocation. A hook of net/http/httptrace records the peer. The response ends the span at
// once if no body follows; otherwise its body is wrapped and ends the span at EOF, at an error, or when it is closed.
// An inner Transport finds the clientSpan in the context and makes no second span. finish may be called by several
// goroutines; the first call ends the span.
type clientSpan struct {
	context.Context
	in       *clientInstrumentation
	req      *http.Request
	out      http.Request // the copy of req that is sent
	span     trace.Span
	deferred bool
	holds    bool // span is that of this context, and not that of Context

	clientRequestInfo
	reply reply
	body  *countedBody // of the request, if counted
	ended atomic.Bool

	mu   sync.Mutex
	peer net.Addr
}

// Value returns c for clientKey, its span for the key of trace.SpanFromContext, and passes on all other keys.
func (c *clientSpan) Value(key any) any {
	switch {
	case key == (clientKey{}):
		return c
	case c.holds && key == spanKey:
		return c.span
	}
	return c.Context.Value(key)
}

// start starts the span of req and makes the request that is sent.
func (in *clientInstrumentation) start(req *http.Request) *clientSpan {
	method := in.methods.info(methodOf(req))
	template, _ := req.Context().Value(templateKey{}).(string)
	name, template := in.names.of(method.spanNameWord, cleanTarget(template))
	name = in.nameOf(req, method.spanNameWord, template, name)
	c := in.startRecord(req, name)
	if c == nil {
		c = in.startSpan(req, method, name, template)
	}
	recording := c.span.IsRecording()
	if c.deferred && recording {
		c.fill(in.httpInstrumentation, req, method, template)
	}
	var ctx context.Context = c
	if recording {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: c.gotConn})
	}
	c.inject(ctx)
	if in.bodySizes && recording && bodyLength(req) < 0 {
		c.body = countBody(&c.out, req)
	}
	return c
}

// startRecord starts a span in a clientSpan. It returns nil if the tracer does not support records.
func (in *clientInstrumentation) startRecord(req *http.Request, name string) *clientSpan {
	record, span := in.StartRecord(req.Context(), trace.SpanContext{}, name)
	c, ok := record.(*clientSpan)
	if !ok {
		return nil
	}
	c.Context, c.in, c.req = req.Context(), in, req
	c.span, c.deferred, c.holds = span, true, true
	return c
}

// startSpan starts the span of req by the tracer.
func (in *clientInstrumentation) startSpan(req *http.Request, method methodInfo, name, template string) *clientSpan {
	tracer := in.Tracer()
	c := &clientSpan{in: in, req: req, deferred: in.DefersAttributes(tracer)}
	options := in.StartOptions()
	if !c.deferred {
		c.fill(in.httpInstrumentation, req, method, template)
		options = append(options, trace.WithAttributes(c.appendTo(nil, req)...))
	}
	c.Context, c.span = tracer.Start(req.Context(), name, options...)
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
	if instrumentation.Discard(c.span) {
		return
	}
	if !c.deferred {
		c.span.SetAttributes(c.endAttributes(make([]attribute.KeyValue, 0, maxReply), out, responseBytes)...)
		return
	}
	buf := buffers.Get()
	c.span.SetAttributes(buf.Keep(c.endAttributes(buf.Attributes(), out, responseBytes))...)
	buffers.Put(buf)
}

// maxReply is the capacity for the attributes of the end, except captured headers.
const maxReply = 7

// endAttributes appends the attributes that are not set yet.
func (c *clientSpan) endAttributes(attrs []attribute.KeyValue, out outcome, responseBytes int64) []attribute.KeyValue {
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
		return instrumentation.AppendUnset(attrs, c.span, func(attrs []attribute.KeyValue) []attribute.KeyValue {
			return c.appendTo(attrs, c.req)
		})
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

// inject makes the request that is sent: with ctx, and with its trace headers in place of any old ones.
func (c *clientSpan) inject(ctx context.Context) {
	c.out = *c.req.WithContext(ctx)
	fields := c.in.Fields()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		fields = nil // there is nothing to replace them
	}
	c.out.Header = outgoing(c.req.Header, fields)
	c.in.Propagator().Inject(ctx, carrier(c.out.Header))
}

type templateKey struct{}

// ContextWithURLTemplate returns a context for requests of URLs with the template, such as "/users/{id}". The template
// becomes url.template and a part of the span name.
func ContextWithURLTemplate(ctx context.Context, template string) context.Context {
	return context.WithValue(ctx, templateKey{}, template)
}

// reply holds the facts of a response that the span records. They are read when the header arrives, because the caller
// owns the response from then on.
type reply struct {
	code    int
	version string
	length  int64                // of the body, or one of the constants below
	headers []attribute.KeyValue // captured
}

// Values of reply.length that are not a length.
const (
	bodySizeCount = -1 // the bytes that the caller reads are counted, as for http.Response.ContentLength
	bodySizeOmit  = -2 // the size is not recorded
)

func (c *clientSpan) requestBytes() int64 {
	if c.body != nil {
		return c.body.n.Load()
	}
	return max(0, bodyLength(c.req))
}
