package mw

import (
	"net/http"
	"strings"
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

// isAbort reports whether a handler panicked with exactly http.ErrAbortHandler.
func isAbort(v any) bool {
	err, ok := v.(error)
	return ok && err == http.ErrAbortHandler //nolint:errorlint // net/http compares so, too
}

// isServerError reports whether a response code makes a server span an error by default.
func isServerError(code int) bool { return code >= 500 }

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
