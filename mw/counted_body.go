package mw

import (
	"io"
	"net/http"
	"sync/atomic"
)

// countedBody counts the bytes that the handler reads from a request body of unknown length.
type countedBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// countBody makes out, the copy of req that is sent, count its body, also if net/http rewinds it.
func countBody(out, req *http.Request) *countedBody {
	counted := &countedBody{ReadCloser: req.Body}
	out.Body = counted
	if rewind := req.GetBody; rewind != nil {
		out.GetBody = func() (body io.ReadCloser, err error) {
			if body, err = rewind(); err == nil {
				counted.n.Store(0)
				body = &countedAgain{body, counted}
			}
			return body, err
		}
	}
	return counted
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

// bodyLength returns the length of the body of req, or -1 if it is not known.
func bodyLength(req *http.Request) int64 {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return 0
	case req.ContentLength > 0:
		return req.ContentLength
	}
	return -1
}
