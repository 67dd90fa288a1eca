package grpcmw

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/policy"
)

// Tracing is what [With] reads. *spanroute.Tracing satisfies it. Its methods are called concurrently.
type Tracing interface {
	// TracerProvider makes the spans. They must copy the attributes they are given, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	Propagator() propagation.TextMapPropagator
	// Exclusions are the operator's rules. They are asked on every arrival, so that a reload counts at once.
	Exclusions() *policy.Live
	// SamplerReadsAttributes reports whether attributes must be there when a span starts. If not, they are set
	// once, when it ends, and never built for a span that is not recorded.
	SamplerReadsAttributes() bool
}

// An Option sets what a programmer decides about the spans of one interceptor or one side. Options cannot fail;
// nil arguments leave things as they are. Of two options that set the same thing the later one counts, except
// where several add up.
type Option func(*settings)

// settings are the options of one interceptor or one side as they were given.
type settings struct {
	shared     instrumentation.Options
	exclude    []func(fullMethod string) bool
	known      func(fullMethod string) bool
	isError    func(codes.Code) bool
	attributes []func(ctx context.Context, fullMethod string) []attribute.KeyValue
	request    []string
	response   []string
	unredacted []string
	noMessage  bool

	public     func(ctx context.Context, fullMethod string) bool
	traceIDKey string
}

// With takes tracer provider, propagator and exclusion rules from t. Without it the otel globals are used and no
// rule excludes anything.
func With(t Tracing) Option {
	return func(s *settings) {
		if t != nil {
			s.shared.Tracing = t
		}
	}
}

// WithTracerProvider starts spans with p instead of the provider of [With] or the otel global.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(s *settings) {
		if p != nil {
			s.shared.TracerProvider = p
		}
	}
}

// WithPropagator reads and writes trace metadata with p instead of the propagator of [With] or the otel global.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return func(s *settings) {
		if p != nil {
			s.shared.Propagator = p
		}
	}
}

// WithExclude gives calls for which exclude returns true no span, besides those that the rules of [With] exclude.
// It is asked once per call, with /pkg.Service/Method. On a client it is the only way to exclude: rules are for
// servers. What starts below an excluded call is suppressed too. Several add up.
func WithExclude(exclude func(fullMethod string) bool) Option {
	return func(s *settings) {
		if exclude != nil {
			s.exclude = append(s.exclude, exclude)
		}
	}
}

// WithKnownMethod lets known decide which methods are named: true keeps the method, false makes the span "grpc"
// with rpc.method _OTHER. Proxies need it on both sides, because the names they relay come from their peers.
// Methods that the server answers with "unknown method" are _OTHER in any case. known must have few true answers:
// each is a span name.
func WithKnownMethod(known func(fullMethod string) bool) Option {
	return func(s *settings) {
		if known != nil {
			s.known = known
		}
	}
}

// WithErrorCode replaces the table of codes that make a span an error: on servers UNKNOWN, DEADLINE_EXCEEDED,
// UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS, on clients every code but OK. isError is not asked for OK.
func WithErrorCode(isError func(codes.Code) bool) Option {
	return func(s *settings) {
		if isError != nil {
			s.isError = isError
		}
	}
}

// WithAttributes adds attributes to each recorded span when it starts. They win over the package's own with the
// same key; an error.type counts only if the span is an error. Strings are cleaned and cut like all others.
// Several add up.
func WithAttributes(attributes func(ctx context.Context, fullMethod string) []attribute.KeyValue) Option {
	return func(s *settings) {
		if attributes != nil {
			s.attributes = append(s.attributes, attributes)
		}
	}
}

// WithCapturedRequestMetadata records the values of request metadata keys as rpc.request.metadata.<key>, at most
// 16 of each. Keys are exact, in any case. Keys that begin with ":" or "grpc-" are never captured; values of keys that
// contain a word such as auth, authorization, token, secret, key, cert, session, cookie, credential or signature are
// REDACTED, see [WithUnredactedMetadata]; values of -bin keys are unpadded base64. Several add up.
func WithCapturedRequestMetadata(keys ...string) Option {
	return func(s *settings) { s.request = append(s.request, keys...) }
}

// WithCapturedResponseMetadata records the values of header, then trailer metadata as rpc.response.metadata.<key>,
// by the rules of [WithCapturedRequestMetadata]. On a server it needs [ServerOptions]; interceptors alone do not
// see what is sent.
func WithCapturedResponseMetadata(keys ...string) Option {
	return func(s *settings) { s.response = append(s.response, keys...) }
}

// WithUnredactedMetadata records the values of the keys named, if they are captured and would be REDACTED otherwise.
// Several add up.
func WithUnredactedMetadata(keys ...string) Option {
	return func(s *settings) { s.unredacted = append(s.unredacted, keys...) }
}

// WithoutStatusMessage leaves the description of error spans empty. Without it, it is the status message, which
// may repeat what a user sent.
func WithoutStatusMessage() Option {
	return func(s *settings) { s.noMessage = true }
}

// WithoutPanicMessages leaves the value of a panic, which may repeat what a user sent, out of spans: the exception
// event has type and stack trace only, and the status has no description. The configuration key redact.panic_messages
// does the same for all interceptors.
func WithoutPanicMessages() Option {
	return func(s *settings) { s.shared.NoPanicMessages = true }
}

// WithoutRemoteBaggage drops the baggage that callers send, also with [WithPublicEndpoint]: it is neither in the
// handler's context nor in its incoming metadata, so that it does not travel on with calls made for an untrusted
// client. Baggage that the service sets itself is sent as usual. Without the option, a caller's baggage is kept.
// Clients ignore it.
func WithoutRemoteBaggage() Option {
	return func(s *settings) { s.shared.NoRemoteBaggage = true }
}

// WithPublicEndpoint makes every server span the root of a new trace, with a link to the caller's span, because
// callers are not trusted to decide about this service's traces. Their baggage is kept, see [WithoutRemoteBaggage].
// The configuration key sampling.remote_parent keeps the caller's trace and only ignores its sampling decision.
// Clients ignore the option.
func WithPublicEndpoint() Option {
	return WithPublicEndpointFn(func(context.Context, string) bool { return true })
}

// WithPublicEndpointFn is [WithPublicEndpoint] for the calls for which public returns true.
func WithPublicEndpointFn(public func(ctx context.Context, fullMethod string) bool) Option {
	return func(s *settings) {
		if public != nil {
			s.public = public
		}
	}
}

// WithTraceIDMetadata sends the trace id of each server span, hex, sampled or not, as metadata key: in the header of
// calls that succeed, and in the trailer of calls that fail, so that clients still retry them. A stream that sends
// messages before it fails has it in both; a call whose handler sends the header with grpc.SendHeader has it in the
// trailer. Keys that gRPC does not allow as metadata, and those that begin with "grpc-", send nothing. Clients ignore
// it.
func WithTraceIDMetadata(key string) Option {
	return func(s *settings) { s.traceIDKey = sendable(strings.ToLower(strings.TrimSpace(key))) }
}
