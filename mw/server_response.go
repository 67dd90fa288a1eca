package mw

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// response is the state of a response while the handler writes it. It is safe for concurrent use, because handlers may
// write from several goroutines, and after they returned.
type response struct {
	m        *middleware
	in       *http.Request       // as the middleware received it
	w        http.ResponseWriter // the wrapped one
	status   atomic.Int32        // final status, 0 until it is sent
	bytes    atomic.Int64        // accepted by Write, WriteString and ReadFrom
	hijacked atomic.Bool
	timedOut atomic.Bool // a write returned http.ErrHandlerTimeout

	mu    sync.Mutex           // of the fields below, and of the routes of a serverSpan
	fault error                // the first failed write
	sent  []attribute.KeyValue // captured headers
}

// begin records the final status and the headers that are sent with it, once. After a hijack nothing is sent.
func (r *response) begin(code int) {
	if r.status.Load() != 0 || r.hijacked.Load() || !r.status.CompareAndSwap(0, int32(code)) {
		return
	}
	if capture := r.m.captureResponse; !capture.Empty() {
		sent := capture.AppendRedacted(nil, r.w.Header().Values, r.m.redactHeader)
		r.mu.Lock()
		r.sent = sent
		r.mu.Unlock()
	}
}

// wrote records the result of a write.
func (r *response) wrote(n int64, err error) {
	if r.m.bodySizes {
		r.bytes.Add(n)
	}
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, http.ErrHijacked) {
		return
	}
	if errors.Is(err, http.ErrHandlerTimeout) {
		r.timedOut.Store(true)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil {
		r.fault = err
	}
}

// outcome returns the outcome by the first rule that applies.
func (r *response) outcome(end guard.End, v any) outcome {
	code := int(r.status.Load())
	r.mu.Lock()
	fault := r.fault
	r.mu.Unlock()
	switch {
	case end == guard.Panicked && isAbort(v):
		return outcome{code: code, errorType: handlerAborted}
	case end != guard.Returned:
		return outcome{code: code, errorType: instrumentation.AbortType(end, v)}
	case r.timedOut.Load():
		return outcome{code: http.StatusServiceUnavailable, errorType: "503"}
	case code != 0 && r.m.isError(code):
		return outcome{code: code, errorType: strconv.Itoa(code)}
	case fault != nil:
		return outcome{code: code, errorType: r.writeErrorType(fault), description: r.m.failureText(fault, nil)}
	case code != 0:
		return outcome{code: code}
	case r.hijacked.Load() || requestsUpgrade(r.in):
		return outcome{}
	}
	return r.outcomeWithoutWrite()
}

func (r *response) writeErrorType(err error) string {
	if errors.Is(r.in.Context().Err(), context.Canceled) {
		return clientDisconnected
	}
	return semattr.ErrorType(err)
}

// outcomeWithoutWrite returns the outcome of a handler that wrote nothing: net/http answers 200 unless the client has
// disconnected.
func (r *response) outcomeWithoutWrite() outcome {
	switch err := r.in.Context().Err(); {
	case err == nil:
		return outcome{code: http.StatusOK}
	case errors.Is(err, context.Canceled):
		return outcome{errorType: clientDisconnected}
	default:
		return outcome{errorType: "context.DeadlineExceeded"}
	}
}

// headerMisuse returns the mistake that a call of WriteHeader makes, "" for a correct call.
func (r *response) headerMisuse() string {
	switch {
	case r.hijacked.Load():
		return "response.WriteHeader on hijacked connection"
	case r.status.Load() != 0:
		return "superfluous response.WriteHeader call"
	}
	return ""
}

// misused logs the mistake called what and reports whether it did. If so, the call must not be passed on.
func (r *response) misused(what string) bool { return logMisuse(r.w, r.in, what) }
