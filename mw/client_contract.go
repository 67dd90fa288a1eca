package mw

import (
	"fmt"
	"net/http"
)

// send sends the request with base and checks the contract of http.RoundTripper, as an http.Client does. The errors
// have the text of the Client, which would name the Transport instead of base.
func (c *clientSpan) send(base http.RoundTripper) (*http.Response, error) {
	res, err := base.RoundTrip(&c.out)
	switch {
	case err != nil:
		return c.restoreRequest(res), err
	case res == nil:
		return nil, brokenContract(base, "returned a nil *Response with a nil error")
	case res.Body == nil && res.ContentLength > 0 && c.req.Method != http.MethodHead:
		return nil, brokenContract(base, fmt.Sprintf("returned a *Response with content length %d but a nil Body", res.ContentLength))
	case res.Body == nil:
		res.Body = http.NoBody
	}
	return c.restoreRequest(res), nil
}

// A contractError is a violation of the contract of http.RoundTripper.
type contractError struct{ text string }

func (e *contractError) Error() string { return e.text }

func brokenContract(base http.RoundTripper, did string) error {
	if t, ok := base.(interface{ innermost() http.RoundTripper }); ok {
		base = t.innermost()
	}
	return &contractError{fmt.Sprintf("http: RoundTripper implementation (%T) %s", base, did)}
}

// restoreRequest replaces the sent copy of the request in res by the caller's request.
func (c *clientSpan) restoreRequest(res *http.Response) *http.Response {
	if res != nil && res.Request == &c.out {
		res.Request = c.req
	}
	return res
}
