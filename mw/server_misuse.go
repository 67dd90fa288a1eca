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

// misused logs the mistake called what and reports whether it did. If so, the call must not be passed on.
func (s *serverSpan) misused(what string) bool {
	srv, ok := s.in.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || !isServers(s.w) {
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

// headerMisuse returns the mistake that a call of WriteHeader makes, "" for a correct call.
func (s *serverSpan) headerMisuse() string {
	switch {
	case s.hijacked.Load():
		return "response.WriteHeader on hijacked connection"
	case s.status.Load() != 0:
		return "superfluous response.WriteHeader call"
	}
	return ""
}

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
