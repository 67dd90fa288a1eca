package mw

import (
	"io"
	"net/http"
)

// bodyLength returns the length of the body of req, or bodySizeCount if it is not known.
func bodyLength(req *http.Request) int64 {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return 0
	case req.ContentLength > 0:
		return req.ContentLength
	}
	return bodySizeCount
}

// countBody counts a request body of unknown length, also if net/http rewinds it.
func (c *clientSpan) countBody() {
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

func (c *clientSpan) requestBytes() int64 {
	if c.body != nil {
		return c.body.n.Load()
	}
	return max(0, bodyLength(c.req))
}

// countedAgain is a rewound body that adds to the count of the first one.
type countedAgain struct {
	io.ReadCloser
	first *countedBody
}

func (b *countedAgain) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.first.n.Add(int64(n))
	return n, err
}
