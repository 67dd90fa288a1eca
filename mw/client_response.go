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

// roundTrip sends the request and ends the span, unless the body of the response does so later.
func (c *clientSpan) roundTrip(base http.RoundTripper) (res *http.Response, err error) {
	guard.Run(func() { res, err = c.send(base) }, func(end guard.End, v any) { //nolint:bodyclose // the caller closes the body
		if end == guard.Returned {
			c.handleResponse(res, err)
			return
		}
		c.in.RecordPanic(c.span, end, v)
		c.finish(outcome{errorType: instrumentation.AbortType(end, v)}, 0)
	})
	return res, err
}

// handleResponse handles what the base returned. A status code that is an error takes precedence over a later error.
func (c *clientSpan) handleResponse(res *http.Response, err error) {
	if res == nil {
		out := outcome{errorType: semattr.Other}
		if broken := (*contractError)(nil); !errors.As(err, &broken) {
			out = c.failure(0, err)
		}
		c.finish(out, 0)
		return
	}
	bodiless := endsWithHeaders(c.req, res)
	c.captureResponse(res, bodiless)
	out := c.in.outcomeForStatus(res.StatusCode)
	if err != nil && out.errorType == "" {
		out = c.failure(res.StatusCode, err)
	}
	if err != nil || bodiless || c.in.endOnHeaders || !c.span.IsRecording() {
		c.finish(out, 0)
		return
	}
	res.Body = &tracedBody{ReadCloser: res.Body, c: c, out: out}
}

// captureResponse reads the facts of res that the span records.
func (c *clientSpan) captureResponse(res *http.Response, bodiless bool) {
	c.reply = reply{code: res.StatusCode, version: protocolVersion(res.ProtoMajor, res.ProtoMinor), length: res.ContentLength}
	switch {
	case res.Uncompressed, res.StatusCode == http.StatusSwitchingProtocols:
		c.reply.length = bodySizeOmit
	case bodiless:
		c.reply.length = 0
	}
	if !c.in.captureResponse.Empty() {
		c.reply.headers = c.in.captureResponse.AppendRedacted(nil, res.Header.Values, c.in.redactHeader)
	}
}

// restoreRequest replaces the sent copy of the request in res by the caller's request.
func (c *clientSpan) restoreRequest(res *http.Response) *http.Response {
	if res != nil && res.Request == c.out {
		res.Request = c.req
	}
	return res
}

// endsWithHeaders reports whether no body follows, or a connection instead of a body.
func endsWithHeaders(req *http.Request, res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusSwitchingProtocols, http.StatusNoContent, http.StatusNotModified:
		return true
	}
	return req.Method == http.MethodHead || res.Body == http.NoBody
}

// tracedBody ends the span when the body ends: at EOF, at an error, or when it is closed.
type tracedBody struct {
	io.ReadCloser
	c   *clientSpan
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

// Close closes the body and ends the span, unless it has ended.
func (b *tracedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end(nil)
	return err
}

func (b *tracedBody) end(err error) {
	out := b.out
	if err != nil && err != io.EOF && out.errorType == "" { //nolint:errorlint // a wrapped EOF is an error
		out = b.c.failure(out.code, err)
	}
	b.c.finish(out, b.n.Load())
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
