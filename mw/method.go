package mw

import (
	"maps"
	"os"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/semattr"
)

// knownMethodsEnv is the OTEL_* variable that replaces the list of known methods.
const knownMethodsEnv = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"

var defaultMethods = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY"}

// methods are the known methods, which may be part of span names.
type methods []methodInfo

// A methodInfo is the method of a request as its span records it.
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

// methodList splits a comma-separated list. It returns nil if the list is empty.
func methodList(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// info returns the methodInfo of method. Methods are case-sensitive.
func (m methods) info(method string) methodInfo {
	for i := range m {
		if m[i].method == method {
			return methodInfo{method: m[i].spanNameWord, spanNameWord: m[i].spanNameWord}
		}
	}
	return methodInfo{method: semattr.Other, original: method, spanNameWord: "HTTP"}
}

// append appends the attributes of the method, whose text is owned by o.
func (m methodInfo) append(attrs []attribute.KeyValue, o semattr.Owner) []attribute.KeyValue {
	attrs = append(attrs, semattr.HTTPRequestMethod.String(m.method))
	if m.original != "" {
		attrs = append(attrs, o.String(semattr.HTTPRequestMethodOriginal, m.original))
	}
	return attrs
}

// maxMethod bounds the size of a method in a span name. Programs may declare any method as known.
const maxMethod = 64

// spanNames caches default span names, which are few, so that they are not concatenated for every request. The map is
// replaced when a name is added. It holds at most maxNames; the names of further routes are concatenated each time.
type spanNames struct {
	known atomic.Pointer[map[nameParts]string]
}

type nameParts struct{ spanNameWord, target string }

const maxNames = 256

// of returns the span name of a method, or of a method and a route or template, and the latter as a part of that name: a
// route or template may be cut from a longer text, which must not be kept alive.
func (n *spanNames) of(spanNameWord, target string) (name, own string) {
	if target == "" {
		return spanNameWord, ""
	}
	known := n.known.Load()
	if known != nil {
		name = (*known)[nameParts{spanNameWord, target}]
	}
	if name == "" {
		name = spanNameWord + " " + target
		n.add(known, nameParts{name[:len(spanNameWord)], name[len(spanNameWord)+1:]}, name)
	}
	return name, name[len(spanNameWord)+1:]
}

// add adds name. If two goroutines add at the same time, one of the names is added with its next request.
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

// cleanTarget returns a route or template as valid UTF-8, short enough for a span name with a method.
func cleanTarget(target string) string { return semattr.TextN(target, semattr.MaxText-maxMethod-1) }
