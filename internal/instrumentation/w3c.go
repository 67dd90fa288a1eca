package instrumentation

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// W3C is the propagator of W3C trace context, and of baggage if it is enabled. Instrumentation reads the caller's trace
// context by [W3C.Remote], without a context for it.
type W3C struct {
	propagation.TextMapPropagator
	baggage bool
}

// NewW3C returns a propagator that reads and writes what propagation.TraceContext does, and what propagation.Baggage does if
// withBaggage is true.
func NewW3C(withBaggage bool) *W3C {
	if !withBaggage {
		return &W3C{TextMapPropagator: propagation.TraceContext{}}
	}
	return &W3C{propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}), true}
}

// Remote returns the span context in c, which is the zero value if it is absent or invalid. It reads a traceparent as
// propagation.TraceContext does.
func (*W3C) Remote(c propagation.TextMapCarrier) trace.SpanContext {
	config, ok := parseTraceparent(c.Get("traceparent"))
	if !ok {
		return trace.SpanContext{}
	}
	if state := c.Get("tracestate"); state != "" {
		config.TraceState, _ = trace.ParseTraceState(state) // an invalid one does not make the traceparent invalid
	}
	return trace.NewSpanContext(config)
}

// parseTraceparent parses version-traceid-spanid-flags in lower-case hex digits. Versions above 0 may have more fields.
// Like propagation.TraceContext, it accepts one dash at the end.
func parseTraceparent(s string) (c trace.SpanContextConfig, ok bool) {
	const size = len("00-") + 32 + len("-") + 16 + len("-00")
	if len(s) < size || s[2] != '-' || s[35] != '-' || s[52] != '-' || len(s) > size && s[size] != '-' {
		return c, false
	}
	var version, flags [1]byte
	if !decodeHex(version[:], s[:2]) || !decodeHex(c.TraceID[:], s[3:35]) ||
		!decodeHex(c.SpanID[:], s[36:52]) || !decodeHex(flags[:], s[53:55]) {
		return c, false
	}
	if version[0] == 0xff || version[0] == 0 && (len(s) > size+1 || flags[0] > 3) {
		return c, false
	}
	c.TraceFlags = trace.TraceFlags(flags[0]) & (trace.FlagsSampled | trace.FlagsRandom)
	c.Remote = true
	return c, c.TraceID.IsValid() && c.SpanID.IsValid()
}

// decodeHex decodes lower-case hex digits, and reports whether all of them are.
func decodeHex(to []byte, digits string) bool {
	for i := range to {
		high, low := hexValue(digits[2*i]), hexValue(digits[2*i+1])
		if high|low > 0xf {
			return false
		}
		to[i] = high<<4 | low
	}
	return true
}

// hexValue returns the value of a lower-case hex digit, and 0xff for any other byte.
func hexValue(digit byte) byte {
	switch {
	case '0' <= digit && digit <= '9':
		return digit - '0'
	case 'a' <= digit && digit <= 'f':
		return digit - 'a' + 10
	}
	return 0xff
}

// ExtractRemote is [Instrumentation.Extract], but it returns the caller's span context separately if it can. If remote is
// invalid, the parent is the span in the context.
func (in *Instrumentation) ExtractRemote(
	ctx context.Context, c propagation.TextMapCarrier,
) (extracted context.Context, remote trace.SpanContext) {
	w3c, ok := in.Propagator().(*W3C)
	if !ok {
		return in.Extract(ctx, c), trace.SpanContext{}
	}
	if w3c.baggage && !in.noRemoteBaggage {
		ctx = propagation.Baggage{}.Extract(ctx, c)
	}
	return ctx, w3c.Remote(c)
}

// WithRemote returns ctx with the caller's span context, as [Instrumentation.Extract] does, if remote is valid.
func WithRemote(ctx context.Context, remote trace.SpanContext) context.Context {
	if !remote.IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, remote)
}
