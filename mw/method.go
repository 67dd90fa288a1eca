package mw

import (
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/internal/semattr"
)

// knownMethodsEnv is OpenTelemetry's variable that replaces the list of known methods.
const knownMethodsEnv = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"

var defaultMethods = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY"}

// methods is the list of methods that may be part of span names.
type methods []string

func newMethods(o *options) methods {
	if o.knownMethodsSet {
		return o.knownMethods
	}
	var fromEnv methods
	for name := range strings.SplitSeq(os.Getenv(knownMethodsEnv), ",") {
		if name = strings.TrimSpace(name); name != "" {
			fromEnv = append(fromEnv, name)
		}
	}
	if fromEnv != nil {
		return fromEnv
	}
	return defaultMethods
}

// A verb is a request's method as a span tells it.
type verb struct {
	method   string // http.request.method
	original string // http.request.method_original, "" if method is known
	label    string // first word of the span name
}

func (m methods) verb(method string) verb {
	if slices.Contains(m, method) {
		method = semattr.TextN(method, maxMethod)
		return verb{method: method, label: method}
	}
	return verb{method: semattr.Other, original: semattr.Text(method), label: "HTTP"}
}

// append appends the attributes of a method.
func (v verb) append(attrs []attribute.KeyValue) []attribute.KeyValue {
	attrs = append(attrs, semattr.HTTPRequestMethod.String(v.method))
	if v.original != "" {
		attrs = append(attrs, semattr.HTTPRequestMethodOriginal.String(v.original))
	}
	return attrs
}

// maxMethod bounds what a span name spends on a method that the user declared known.
const maxMethod = 64

// spanName is the default name: a method, or a method and a route or template.
func spanName(label, target string) string {
	if target == "" {
		return label
	}
	return label + " " + target
}

// cleanTarget makes a route or template fit for an attribute and, behind a method, for a name.
func cleanTarget(target string) string { return semattr.TextN(target, semattr.MaxText-maxMethod-1) }
