package mw

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

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

// outcomeForStatus returns the outcome of a response by its status code alone.
func (in *clientInstrumentation) outcomeForStatus(code int) outcome {
	if in.isError(code) {
		return outcome{code: code, errorType: strconv.Itoa(code)}
	}
	return outcome{code: code}
}

// failure returns the outcome of a request whose status code is not an error but that failed with err. A cancellation
// by the caller is not an error.
func (c *clientSpan) failure(code int, err error) outcome {
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

// errorText returns the text of err without URLs that hold secrets and without those secrets.
func (c *clientSpan) errorText(err error) string {
	if !c.span.IsRecording() {
		return ""
	}
	return c.in.failureText(err, c.req.URL)
}
