package mw

import (
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// WithOptions makes one option of several, so that a list of them can be given to both sides.
func WithOptions(opts ...Option) Option {
	return sharedOption(func(o *options) {
		c := clientOptions{common: *o}
		for _, option := range opts {
			if option != nil {
				option.applyToClient(&c)
			}
		}
		*o = c.common
	})
}

// With takes the tracer provider, the propagator and the exclusion patterns from t, normally a *spanroute.Tracing.
// Without it the otel globals are used and no pattern excludes anything.
func With(t Tracing) Option {
	return sharedOption(func(o *options) {
		if t != nil {
			o.source.Tracing = t
		}
	})
}

// WithTracerProvider overrides the tracer provider of [With] and the otel global.
func WithTracerProvider(p trace.TracerProvider) Option {
	return sharedOption(func(o *options) {
		if p != nil {
			o.source.TracerProvider = p
		}
	})
}

// WithPropagator overrides the propagator of [With] and the otel global.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return sharedOption(func(o *options) {
		if p != nil {
			o.source.Propagator = p
		}
	})
}

// WithExclude gives requests for which exclude returns true no span, and neither what they start. It is called once
// per request, in addition to the patterns of [With], which are for servers. Several add up.
func WithExclude(exclude func(*http.Request) bool) Option {
	return sharedOption(func(o *options) {
		if exclude != nil {
			o.exclude = append(o.exclude, exclude)
		}
	})
}

// WithSpanName names spans, at their start and again at their end if the route is known then. name gets the first word
// of the default name ("HTTP" for an unknown method) and the route or template, "" if it is unknown. If it returns "",
// the default is kept. There should be few different names: see the semantic conventions on cardinality.
func WithSpanName(name func(r *http.Request, method, route string) string) Option {
	return sharedOption(func(o *options) {
		if name != nil {
			o.spanName = name
		}
	})
}

// WithRequestAttributes adds attributes at the start of each span. They take precedence over attributes of this
// package with the same key; an error.type counts only if the span is an error. Several add up.
func WithRequestAttributes(attributes func(*http.Request) []attribute.KeyValue) Option {
	return sharedOption(func(o *options) {
		if attributes != nil {
			o.attributes = append(o.attributes, attributes)
		}
	})
}

// WithErrorStatus replaces the rule for status codes that make a span an error. The default is 500 and above for
// servers, and 400 and above or below 100 for clients.
func WithErrorStatus(isError func(code int) bool) Option {
	return sharedOption(func(o *options) {
		if isError != nil {
			o.isError = isError
		}
	})
}

// WithKnownMethods replaces the list of methods that spans record by name; others are _OTHER. The default is GET,
// HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, QUERY, or the list in the environment variable
// OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS. Methods are case-sensitive.
func WithKnownMethods(names ...string) Option {
	return sharedOption(func(o *options) { o.knownMethods, o.knownMethodsSet = slices.Clone(names), true })
}

// WithSensitiveQueryKeys adds to the query keys whose values are redacted, in url.query and url.full. Without it these
// are all keys that contain a word such as token, secret, password, key, auth, session or signature, and code, state,
// sign and pin. Keys are compared percent-decoded and in any case. The configuration key redact.query_keys adds
// to them, too. Several options add up.
func WithSensitiveQueryKeys(keys ...string) Option {
	return sharedOption(func(o *options) { o.redactor.keys = append(o.redactor.keys, keys...) })
}

// WithOnlySensitiveQueryKeys replaces the query keys whose values are redacted: those that are redacted by default and
// those of earlier options. Without keys, nothing is redacted. Keys of the configuration key redact.query_keys are
// redacted in any case, because the operator decides about them.
func WithOnlySensitiveQueryKeys(keys ...string) Option {
	return sharedOption(func(o *options) { o.redactor.keys, o.redactor.only = slices.Clone(keys), true })
}

// WithoutQuery leaves queries out of spans.
func WithoutQuery() Option { return sharedOption(func(o *options) { o.redactor.noQuery = true }) }

// WithCapturedRequestHeaders sets http.request.header.<name> for each named header that was sent. Names are exact,
// in any case. Values of headers whose name contains a word such as auth, authorization, token, secret, key, cert,
// session, cookie, credential or signature are redacted. URLs in other values, such as those of Referer and Location,
// are redacted as url.full is.
func WithCapturedRequestHeaders(names ...string) Option {
	return sharedOption(func(o *options) { o.requestHeaders = append(o.requestHeaders, names...) })
}

// WithCapturedResponseHeaders sets http.response.header.<name> for each named header, with the values that were
// sent. It redacts as [WithCapturedRequestHeaders] does.
func WithCapturedResponseHeaders(names ...string) Option {
	return sharedOption(func(o *options) { o.responseHeaders = append(o.responseHeaders, names...) })
}

// WithUnredactedHeaders records the values of the headers named, if they are captured, without redaction.
func WithUnredactedHeaders(names ...string) Option {
	return sharedOption(func(o *options) { o.unredacted = append(o.unredacted, names...) })
}

// WithBodySizes sets http.request.body.size and http.response.body.size, in bytes.
func WithBodySizes() Option { return sharedOption(func(o *options) { o.bodySizes = true }) }

// WithoutPanicMessages leaves the value of a panic, which may repeat what a client sent, out of spans: the exception
// event has type and stack trace only. The configuration key redact.panic_messages does the same for all middlewares.
func WithoutPanicMessages() Option {
	return sharedOption(func(o *options) { o.source.NoPanicMessages = true })
}

// WithEndOnHeaders ends client spans when the response header arrives, instead of at the end of the body. It is for
// callers that may neither read nor close a body.
func WithEndOnHeaders() ClientOption {
	return clientOption(func(o *clientOptions) { o.endOnHeaders = true })
}
