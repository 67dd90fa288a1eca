package mw

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// roundTrip sends the request and ends the span, or leaves that to the body of the response.
func (c *call) roundTrip(base http.RoundTripper) (res *http.Response, err error) {
	guard.Run(func() { res, err = c.send(base) }, func(end guard.End, v any) {
		if end == guard.Returned {
			c.answered(res, err)
			return
		}
		c.in.RecordPanic(c.span, end, v)
		c.finish(outcome{errorType: instrumentation.AbortType(end, v)}, 0)
	})
	return res, err
}

// answered judges what the base returned. A code that is an error outlives any later error.
func (c *call) answered(res *http.Response, err error) {
	if res == nil {
		out := outcome{errorType: semattr.Other}
		if broken := (*contractError)(nil); !errors.As(err, &broken) {
			out = c.failure(0, err)
		}
		c.finish(out, 0)
		return
	}
	bodiless := endsWithHeaders(c.req, res)
	c.note(res, bodiless)
	out := c.in.judged(res.StatusCode)
	if err != nil && out.errorType == "" {
		out = c.failure(res.StatusCode, err)
	}
	if err != nil || bodiless || c.in.endOnHeaders || !c.span.IsRecording() {
		c.finish(out, 0)
		return
	}
	res.Body = &tracedBody{ReadCloser: res.Body, c: c, out: out}
}

// note takes from the response what the span will tell.
func (c *call) note(res *http.Response, bodiless bool) {
	c.reply = reply{code: res.StatusCode, version: protocolVersion(res.ProtoMajor, res.ProtoMinor), length: res.ContentLength}
	switch {
	case res.Uncompressed, res.StatusCode == http.StatusSwitchingProtocols:
		c.reply.length = -2
	case bodiless:
		c.reply.length = 0
	}
	if !c.in.captureResponse.Empty() {
		c.reply.headers = c.in.captureResponse.AppendRedacted(nil, res.Header.Values, c.in.redactHeader)
	}
}

// endsWithHeaders reports whether no body follows, or one that is no body but a connection.
func endsWithHeaders(req *http.Request, res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusSwitchingProtocols, http.StatusNoContent, http.StatusNotModified:
		return true
	}
	return req.Method == http.MethodHead || res.Body == http.NoBody
}

// tracedBody ends its span at its end: at EOF, at an error, or when it is closed.
type tracedBody struct {
	io.ReadCloser
	c   *call
	out outcome // by the code alone
	n   atomic.Int64
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close closes the body and ends the span, if its end did not.
func (b *tracedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end(nil)
	return err
}

func (b *tracedBody) end(err error) {
	out := b.out
	if err != nil && err != io.EOF && out.errorType == "" { //nolint:errorlint // a wrapped EOF is no end
		out = b.c.failure(out.code, err)
	}
	b.c.finish(out, b.n.Load())
}

// errorText returns what a recorded span holds of err: neither URLs with their secrets nor those secrets alone.
func (c *call) errorText(err error) string {
	if !c.span.IsRecording() {
		return ""
	}
	return c.in.failureText(err, c.req.URL)
}

// maxExchange is the capacity that holds every attribute of a client span but captured headers and the user's.
const maxExchange = 13

func (c *call) endAttributes(out outcome, responseBytes int64) []attribute.KeyValue {
	n := maxExchange + len(c.headers) + len(c.own.List()) + len(c.reply.headers)
	attrs := make([]attribute.KeyValue, 0, n)
	if out.errorType != "" {
		attrs = append(attrs, c.own.ErrorType(out.errorType))
	}
	attrs = c.appendReply(attrs, responseBytes)
	c.mu.Lock()
	peer, port := semattr.Peer(c.peer)
	c.mu.Unlock()
	if peer != "" {
		attrs = appendPeer(attrs, semattr.Text(peer), port)
	}
	attrs = c.own.RemoveFrom(attrs)
	if c.late {
		return instrumentation.AppendUnset(attrs, c.span, c.startAttributes)
	}
	return attrs
}

func (c *call) appendReply(attrs []attribute.KeyValue, bytes int64) []attribute.KeyValue {
	if c.reply.code != 0 {
		attrs = append(attrs, semattr.HTTPResponseStatusCode.Int(c.reply.code))
	}
	if c.reply.version != "" {
		attrs = append(attrs, semattr.NetworkProtocolVersion.String(c.reply.version))
	}
	if c.in.bodySizes {
		attrs = append(attrs, semattr.HTTPRequestBodySize.Int64(c.requestBytes()))
		switch {
		case c.reply.code == 0 || c.reply.length == -2:
		case c.reply.length >= 0:
			attrs = append(attrs, semattr.HTTPResponseBodySize.Int64(c.reply.length))
		default:
			attrs = append(attrs, semattr.HTTPResponseBodySize.Int64(bytes))
		}
	}
	return append(attrs, c.reply.headers...)
}

// bodyLength is the length of the body of a request that goes out, -1 if it is not known.
func bodyLength(req *http.Request) int64 {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return 0
	case req.ContentLength > 0:
		return req.ContentLength
	}
	return -1
}

func (c *call) requestBytes() int64 {
	if c.body != nil {
		return c.body.n.Load()
	}
	return max(0, bodyLength(c.req))
}

// countedAgain is a rewound body that counts where the first one did.
type countedAgain struct {
	io.ReadCloser
	first *countedBody
}

func (b *countedAgain) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.first.n.Add(int64(n))
	return n, err
}
