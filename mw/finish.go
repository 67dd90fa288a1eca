package mw

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/spanroute/spanroute/internal/guard"
	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// outcome is what a span tells of how its request ended. It is an error if and only if it has an errorType.
type outcome struct {
	code        int // 0 if none was sent
	errorType   string
	description string
}

// Values of error.type that stand for no Go error.
const (
	disconnected = "client_disconnected"
	aborted      = "net/http.ErrAbortHandler"
)

// run runs the handler under the span.
func (rec *record) run(h *handler, w http.ResponseWriter) {
	rec.w = w
	if rec.m.bodySizes && rec.in.ContentLength < 0 && rec.in.Body != nil {
		rec.body = &countedBody{ReadCloser: rec.in.Body}
		rec.request.Body = rec.body
	}
	// The span is not ended by a deferred call of its End, because the SDK would add a second event for a panic.
	guard.Run(func() {
		h.next.ServeHTTP(newWriter(rec, w), &rec.request)
	}, func(end guard.End, v any) { rec.finish(h, end, v) })
}

// finish names the span, sets what is left to set and ends it. The end is deferred for the sake of functions of
// the user that panic.
func (rec *record) finish(h *handler, end guard.End, v any) {
	defer func() { rec.span.End() }()
	rec.ended.Store(true)
	label := rec.m.methods.verb(methodOf(rec.in)).label
	route := rec.m.names.target(label, rec.route(h))
	rec.giveBack(rec.in, end == guard.Returned)
	out := rec.outcome(end, v)
	if out.errorType != "" {
		rec.span.SetStatus(codes.Error, semattr.Own(out.description))
	}
	if out.errorType != aborted {
		rec.m.RecordPanic(rec.span, end, v)
	}
	rec.rename(label, route)
	if !rec.late {
		rec.span.SetAttributes(rec.endAttributes(make([]attribute.KeyValue, 0, maxEnd), out, route)...)
		return
	}
	buf := buffers.Get()
	rec.span.SetAttributes(buf.Keep(rec.endAttributes(buf.Attributes(), out, route))...)
	buffers.Put(buf)
}

// outcome judges the response: the first rule that applies.
func (rec *record) outcome(end guard.End, v any) outcome {
	code := int(rec.status.Load())
	rec.mu.Lock()
	fault := rec.fault
	rec.mu.Unlock()
	switch {
	case end == guard.Panicked && isAbort(v):
		return outcome{code: code, errorType: aborted}
	case end != guard.Returned:
		return outcome{code: code, errorType: instrumentation.AbortType(end, v)}
	case rec.timedOut.Load():
		return outcome{code: http.StatusServiceUnavailable, errorType: "503"}
	case code != 0 && rec.m.isError(code):
		return outcome{code: code, errorType: strconv.Itoa(code)}
	case fault != nil:
		return outcome{code: code, errorType: rec.writeErrorType(fault), description: rec.m.failureText(fault, nil)}
	case code != 0:
		return outcome{code: code}
	case rec.hijacked.Load() || asksUpgrade(rec.in):
		return outcome{}
	}
	return rec.silent()
}

// isAbort reports whether a handler panicked with exactly http.ErrAbortHandler.
func isAbort(v any) bool {
	err, ok := v.(error)
	return ok && err == http.ErrAbortHandler //nolint:errorlint // net/http compares so, too
}

// isServerError reports whether a response code makes a server span an error by default.
func isServerError(code int) bool { return code >= 500 }

func (rec *record) writeErrorType(err error) string {
	if errors.Is(rec.in.Context().Err(), context.Canceled) {
		return disconnected
	}
	return semattr.ErrorType(err)
}

// silent is the outcome of a handler that wrote nothing: net/http sends 200, unless nobody is there any more.
func (rec *record) silent() outcome {
	switch err := rec.in.Context().Err(); {
	case err == nil:
		return outcome{code: http.StatusOK}
	case errors.Is(err, context.Canceled):
		return outcome{errorType: disconnected}
	default:
		return outcome{errorType: "context.DeadlineExceeded"}
	}
}

// asksUpgrade reports whether r asks to go on in another protocol (RFC 9110, section 7.8).
func asksUpgrade(r *http.Request) bool {
	for _, line := range r.Header["Connection"] {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return len(r.Header["Upgrade"]) > 0
			}
		}
	}
	return false
}

// rename gives the span its final name, unless the handler chose one.
func (rec *record) rename(label, route string) {
	name := rec.m.nameOf(rec.in, label, route)
	if name == rec.name {
		return
	}
	if named, ok := rec.span.(interface{ Name() string }); ok && named.Name() != rec.name {
		return
	}
	rec.span.SetName(name)
}

// endAttributes appends those that are still to be set, errors first: a span with a low limit keeps what comes first.
func (rec *record) endAttributes(attrs []attribute.KeyValue, out outcome, route string) []attribute.KeyValue {
	if out.errorType != "" {
		attrs = append(attrs, rec.more().own.ErrorType(out.errorType))
	}
	if out.code != 0 {
		attrs = append(attrs, semattr.HTTPResponseStatusCode.Int(out.code))
	}
	if route != "" && (rec.late || route != rec.routeBefore) {
		attrs = append(attrs, semattr.HTTPRoute.String(route))
	}
	if rec.m.bodySizes {
		attrs = append(attrs,
			semattr.HTTPRequestBodySize.Int64(rec.requestBytes()),
			semattr.HTTPResponseBodySize.Int64(rec.bytes.Load()))
	}
	rec.mu.Lock()
	attrs = append(attrs, rec.sent...)
	rec.mu.Unlock()
	attrs = rec.more().own.RemoveFrom(attrs)
	if !rec.late {
		return attrs
	}
	return instrumentation.AppendUnset(attrs, rec.span, func(attrs []attribute.KeyValue) []attribute.KeyValue {
		return rec.m.startAttributes(attrs, &rec.arrival, rec.in, "")
	})
}

func (rec *record) requestBytes() int64 {
	switch {
	case rec.body != nil:
		return rec.body.n.Load()
	case rec.in.ContentLength > 0:
		return rec.in.ContentLength
	}
	return 0
}
