package mw

import (
	"maps"
	"os"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/semattr"
)

// knownMethodsEnv is OpenTelemetry's variable that replaces the list of known methods.
const knownMethodsEnv = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"

var defaultMethods = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY"}

// methods are those that may be part of span names, as spans tell them.
type methods []methodInfo

// A verb is a request's method as a span tells it.
type methodInfo struct {
	method       string // http.request.method
	original     string // http.request.method_original as sent, "" if method is known
	spanNameWord string // first word of the span name
}

func newMethods(o options) methods {
	names := o.knownMethods
	if !o.knownMethodsSet {
		names = defaultMethods
		if fromEnv := methodList(os.Getenv(knownMethodsEnv)); fromEnv != nil {
			names = fromEnv
		}
	}
	m := make(methods, len(names))
	for i, name := range names {
		m[i] = methodInfo{method: name, spanNameWord: semattr.TextN(name, maxMethod)}
	}
	return m
}

// methodList reads a comma list; it is nil if nothing is in it.
func methodList(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// verb returns what spans tell of method, which is compared case-sensitively.
func (m methods) info(method string) methodInfo {
	for i := range m {
		if m[i].method == method {
			return methodInfo{method: m[i].spanNameWord, spanNameWord: m[i].spanNameWord}
		}
	}
	return methodInfo{method: semattr.Other, original: method, spanNameWord: "HTTP"}
}

// append appends the attributes of a method that is o's.
func (m methodInfo) append(attrs []attribute.KeyValue, o semattr.Owner) []attribute.KeyValue {
	attrs = append(attrs, semattr.HTTPRequestMethod.String(m.method))
	if m.original != "" {
		attrs = append(attrs, o.String(semattr.HTTPRequestMethodOriginal, m.original))
	}
	return attrs
}

// maxMethod bounds what a span name spends on a method that the user declared known.
const maxMethod = 64

// spanNames remembers default names, because there are few and each would be put together for every request. It is
// replaced as a whole, and full when it holds maxNames: a router with more routes than that pays for the rest.
type spanNames struct {
	known atomic.Pointer[map[nameParts]string]
}

type nameParts struct{ spanNameWord, target string }

const maxNames = 256

// of returns the name of a method, or of a method and a route or template.
func (n *spanNames) of(spanNameWord, target string) string {
	if target == "" {
		return spanNameWord
	}
	known := n.known.Load()
	if known != nil {
		if name, ok := (*known)[nameParts{spanNameWord, target}]; ok {
			return name
		}
	}
	name := spanNameWord + " " + target
	n.add(known, nameParts{name[:len(spanNameWord)], name[len(spanNameWord)+1:]}, name)
	return name
}

// target returns target as the part of the name that it is in. A handler may cut a route, and a caller a template, from
// a longer text, which neither the span nor the names keep alive.
func (n *spanNames) target(spanNameWord, target string) string {
	if target == "" {
		return ""
	}
	return n.of(spanNameWord, target)[len(spanNameWord)+1:]
}

// add remembers name. When two goroutines do so at the same time, one of them tries again with its next request.
func (n *spanNames) add(known *map[nameParts]string, parts nameParts, name string) {
	next := make(map[nameParts]string)
	if known != nil {
		if len(*known) >= maxNames {
			return
		}
		maps.Copy(next, *known)
	}
	next[parts] = name
	n.known.CompareAndSwap(known, &next)
}

// cleanTarget makes a route or template fit for an attribute and, behind a method, for a name.
func cleanTarget(target string) string { return semattr.TextN(target, semattr.MaxText-maxMethod-1) }
