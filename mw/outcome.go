package mw

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// outcome is the result of a request. It is an error if and only if errorType is not empty.
type outcome struct {
	code        int // 0 if none was sent
	errorType   string
	description string
}

// Values of error.type that are not the type of a Go error.
const (
	clientDisconnected = "client_disconnected"
	handlerAborted     = "net/http.ErrAbortHandler"
)

// outcome returns the outcome by the first rule that applies.
func (s *serverSpan) outcome(end guard.End, v any) outcome {
	code := int(s.status.Load())
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	switch {
	case end == guard.Panicked && isAbort(v):
		return outcome{code: code, errorType: handlerAborted}
	case end != guard.Returned:
		return outcome{code: code, errorType: instrumentation.AbortType(end, v)}
	case s.timedOut.Load():
		return outcome{code: http.StatusServiceUnavailable, errorType: "503"}
	case code != 0 && s.m.isError(code):
		return outcome{code: code, errorType: strconv.Itoa(code)}
	case fault != nil:
		return outcome{code: code, errorType: s.writeErrorType(fault), description: s.m.failureText(fault, nil)}
	case code != 0:
		return outcome{code: code}
	case s.hijacked.Load() || requestsUpgrade(s.in):
		return outcome{}
	}
	return s.outcomeWithoutWrite()
}

// isAbort reports whether a handler panicked with exactly http.ErrAbortHandler.
func isAbort(v any) bool {
	err, ok := v.(error)
	return ok && err == http.ErrAbortHandler //nolint:errorlint // net/http compares so, too
}

// isServerError reports whether a response code makes a server span an error by default.
func isServerError(code int) bool { return code >= 500 }

func (s *serverSpan) writeErrorType(err error) string {
	if errors.Is(s.in.Context().Err(), context.Canceled) {
		return clientDisconnected
	}
	return semattr.ErrorType(err)
}

// outcomeWithoutWrite returns the outcome of a handler that wrote nothing: net/http answers 200 unless the client has
// disconnected.
func (s *serverSpan) outcomeWithoutWrite() outcome {
	switch err := s.in.Context().Err(); {
	case err == nil:
		return outcome{code: http.StatusOK}
	case errors.Is(err, context.Canceled):
		return outcome{errorType: clientDisconnected}
	default:
		return outcome{errorType: "context.DeadlineExceeded"}
	}
}

// requestsUpgrade reports whether r requests another protocol (RFC 9110, section 7.8).
func requestsUpgrade(r *http.Request) bool {
	for _, line := range r.Header["Connection"] {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return len(r.Header["Upgrade"]) > 0
			}
		}
	}
	return false
}

// isClientError reports whether a response code makes a client span an error by default.
func isClientError(code int) bool { return code >= 400 || code < 100 }

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
