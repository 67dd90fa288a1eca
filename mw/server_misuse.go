package mw

import (
	"log"
	"net/http"
	"path"
	"reflect"
	"runtime"
	"strings"
)

// net/http logs two mistakes of handlers with the first function on the stack that is not its own. Behind a writer of
// this package that would be the writer. Therefore the writer logs them itself if it wraps a writer of net/http's server
// directly; the call would have no other effect.

// logMisuse logs the mistake called what of a handler that writes to w, a writer for r, and reports whether it did.
func logMisuse(w http.ResponseWriter, r *http.Request, what string) bool {
	srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || !isServers(w) {
		return false
	}
	printf := log.Printf
	if srv.ErrorLog != nil {
		printf = srv.ErrorLog.Printf
	}
	at := caller()
	printf("http: %s from %s (%s:%d)", what, at.Function, path.Base(at.File), at.Line)
	return true
}

const writeOnHijacked = "response.Write on hijacked connection"

// isServers reports whether w is a response of net/http's server for HTTP/1. That for HTTP/2 logs nothing.
func isServers(w http.ResponseWriter) bool {
	t := reflect.TypeOf(w)
	return t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "net/http" && t.Elem().Name() == "response"
}

// caller returns the first frame on the stack that is in neither net/http nor this package.
func caller() runtime.Frame {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "net/http.") && !strings.HasPrefix(frame.Function, scopeName+".") || !more {
			return frame
		}
	}
}
