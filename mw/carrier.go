package mw

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/propagation"

	"github.com/spanroute/spanroute/internal/semattr"
)

// carrier is http.Header for propagators. Unlike propagation.HeaderCarrier it reads the W3C headers without allocating
// their canonical names, joins the lines of tracestate, and ignores traceparent if there are two (W3C Trace Context,
// section 3.2).
type carrier http.Header

var _ propagation.ValuesGetter = carrier(nil)

// Get returns the value of key, "" without a usable value.
func (c carrier) Get(key string) string {
	switch key {
	case "traceparent":
		if values := c["Traceparent"]; len(values) == 1 {
			return values[0]
		}
		return ""
	case "tracestate":
		return semattr.TraceState(c["Tracestate"])
	case "baggage":
		return first(c["Baggage"])
	}
	return http.Header(c).Get(key)
}

// Values returns the lines of key.
func (c carrier) Values(key string) []string {
	if key == "baggage" {
		return c["Baggage"]
	}
	return http.Header(c).Values(key)
}

// Set replaces the lines of key by one.
func (c carrier) Set(key, value string) { http.Header(c).Set(key, value) }

// Keys returns the names of all headers.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// outgoing returns a copy of h without the old trace headers in fields, in any case. The lists of values are shared
// with h. Baggage is kept: if the context has no baggage, the program has set the header itself.
func outgoing(h http.Header, fields []string) http.Header {
	c := make(http.Header, len(h)+2)
	for key, values := range h {
		if !isTraceField(key, fields) {
			c[key] = values
		}
	}
	return c
}

func isTraceField(key string, fields []string) bool {
	for _, f := range fields {
		if len(f) == len(key) && f != "baggage" && strings.EqualFold(f, key) {
			return true
		}
	}
	return false
}
