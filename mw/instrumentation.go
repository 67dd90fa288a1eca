package mw

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/mw/tracing"
)

// scopeName is the name of the instrumentation scope of every span: the import path of this package.
const scopeName = "github.com/spanroute/spanroute/mw"

// Tracing is what [With] takes; *spanroute.Tracing satisfies it. All methods are safe for concurrent use.
type Tracing interface {
	// TracerProvider returns the provider of the spans, which must copy the attributes they get, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	// Propagator returns the propagator that reads and writes the trace headers.
	Propagator() propagation.TextMapPropagator
	// Instrumentation returns the operator's rules and when attributes are set. It is called once for each option
	// [With].
	Instrumentation() tracing.Instrumentation
}

// An httpInstrumentation is what a middleware and a Transport have in common: the options, compiled once. It is
// immutable except for the tracer and the span names that it caches.
type httpInstrumentation struct {
	*instrumentation.Instrumentation
	options
	methods         methods
	names           spanNames
	captureRequest  semattr.Capture
	captureResponse semattr.Capture
}

func newHTTPInstrumentation(kind trace.SpanKind, o options) *httpInstrumentation {
	return &httpInstrumentation{
		options:         o,
		Instrumentation: instrumentation.New(scopeName, kind, o.source),
		methods:         newMethods(o),
		captureRequest:  semattr.NewCapture(semattr.HTTPRequestHeaderPrefix, o.requestHeaders, o.unredacted),
		captureResponse: semattr.NewCapture(semattr.HTTPResponseHeaderPrefix, o.responseHeaders, o.unredacted),
	}
}

// excludedByProgram reports whether a function of WithExclude excludes r.
func (in *httpInstrumentation) excludedByProgram(r *http.Request) bool {
	for _, exclude := range in.exclude {
		if exclude(r) {
			return true
		}
	}
	return false
}

// userAttributes returns the attributes of the functions of WithRequestAttributes.
func (in *httpInstrumentation) userAttributes(r *http.Request) []attribute.KeyValue {
	if len(in.attributes) == 1 {
		return in.attributes[0](r)
	}
	var attrs []attribute.KeyValue
	for _, attributes := range in.attributes {
		attrs = append(attrs, attributes(r)...)
	}
	return attrs
}

// nameOf returns the name of a span of r: that of the program's function, or else usual. At its start, and for an unknown
// route, route is "".
func (in *httpInstrumentation) nameOf(r *http.Request, spanNameWord, route, usual string) string {
	if in.spanName != nil {
		if name := in.spanName(r, spanNameWord, route); name != "" {
			return requestOwner(r).Text(name)
		}
	}
	return usual
}

// requestHeader returns a function that looks up lower-case names among the headers of r, including Host.
func requestHeader(r *http.Request) func(name string) []string {
	return func(name string) []string {
		if name == "host" && r.Host != "" {
			return []string{r.Host}
		}
		return r.Header.Values(name)
	}
}

// methodOf returns the method that net/http sends for req: GET if it is empty.
func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// well formed.
func (in *httpInstrumentation) redactHeader(value string, whole bool) string {
	p := in.Policy()
	scheme, rest, found := strings.Cut(value, "://")
	switch {
	case found && !whole && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "?"):
		return in.redactor.text(value, p)
	case found && !strings.ContainsAny(scheme, ":/?"):
		return scheme + "://" + in.redactor.afterScheme(rest, p)
	}
	return in.redactor.opaque(value, p)
}
