package grpcmw

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/mw/tracing"
)

// Tracing is the argument of [With]; *spanroute.Tracing satisfies it. All methods are safe for concurrent use.
type Tracing interface {
	// TracerProvider returns the provider of the spans, which must copy the attributes they get, as those of the SDK do.
	TracerProvider() trace.TracerProvider
	// Propagator returns the propagator that reads and writes the trace metadata.
	Propagator() propagation.TextMapPropagator
	// Instrumentation returns the operator's rules and when attributes are set. It is called once for each option
	// [With].
	Instrumentation() tracing.Instrumentation
}

// A ServerOption sets what a programmer decides about the spans of a server. Options cannot fail; nil arguments
// change nothing. Of two options that set the same thing the later one counts, except where several add up.
type ServerOption interface{ applyToServer(*serverOptions) }

// A ClientOption sets what a programmer decides about the spans of a client, by the rules of [ServerOption].
type ClientOption interface{ applyToClient(*options) }

// An Option is for both sides.
type Option interface {
	ServerOption
	ClientOption
}

type sharedOption func(*options)

func (f sharedOption) applyToServer(o *serverOptions) { f(&o.common) }
func (f sharedOption) applyToClient(o *options)       { f(o) }

type serverOption func(*serverOptions)

func (f serverOption) applyToServer(o *serverOptions) { f(o) }

// options are the options of both sides. Clients have no others.
type options struct {
	source     instrumentation.Options
	exclude    []func(fullMethod string) bool
	known      func(fullMethod string) bool
	isError    func(codes.Code) bool
	attributes []func(ctx context.Context, fullMethod string) []attribute.KeyValue
	request    []string
	response   []string
	unredacted []string
	noMessage  bool
}

// serverOptions are the options of a server.
type serverOptions struct {
	common     options
	public     func(ctx context.Context, fullMethod string) bool
	traceIDKey string
}

func newServerOptions(list []ServerOption) (o serverOptions) {
	o.common.isError = isServerError
	for _, option := range list {
		if option != nil {
			option.applyToServer(&o)
		}
	}
	return o
}

func newClientOptions(list []ClientOption) (o options) {
	o.isError = isClientError
	for _, option := range list {
		if option != nil {
			option.applyToClient(&o)
		}
	}
	return o
}

// WithOptions makes one option of several, so that a list of them can be given to both sides.
func WithOptions(opts ...Option) Option {
	return sharedOption(func(o *options) {
		for _, option := range opts {
			if option != nil {
				option.applyToClient(o)
			}
		}
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

// WithExclude gives calls for which exclude returns true no span, and neither what they start. It is called once per
// call, with /pkg.Service/Method, in addition to the patterns of [With], which are for servers. Several add up.
func WithExclude(exclude func(fullMethod string) bool) Option {
	return sharedOption(func(o *options) {
		if exclude != nil {
			o.exclude = append(o.exclude, exclude)
		}
	})
}

// WithKnownMethod decides which methods are recorded by name: true keeps the method, false makes the span "grpc" with
// rpc.method _OTHER. Proxies need it on both sides, because the names they relay come from their peers. Methods that
// the server does not implement are _OTHER in any case. known must return true for few methods: each is a span name.
// mw.WithKnownMethods takes a list instead, because HTTP has a fixed set of methods.
func WithKnownMethod(known func(fullMethod string) bool) Option {
	return sharedOption(func(o *options) {
		if known != nil {
			o.known = known
		}
	})
}

// WithErrorCode replaces the rule for codes that make a span an error: on servers UNKNOWN, DEADLINE_EXCEEDED,
// UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS, on clients every code except OK. isError is not called for OK.
func WithErrorCode(isError func(codes.Code) bool) Option {
	return sharedOption(func(o *options) {
		if isError != nil {
			o.isError = isError
		}
	})
}

// WithAttributes adds attributes to each recorded span when it starts. They take precedence over attributes of this
// package with the same key; an error.type counts only if the span is an error. Strings are cleaned and cut like all
// others. Several add up.
func WithAttributes(attributes func(ctx context.Context, fullMethod string) []attribute.KeyValue) Option {
	return sharedOption(func(o *options) {
		if attributes != nil {
			o.attributes = append(o.attributes, attributes)
		}
	})
}

// WithCapturedRequestMetadata records the values of request metadata keys as rpc.request.metadata.<key>, at most
// 16 of each. Keys are exact, in any case. Keys that begin with ":" or "grpc-" are never captured; values of keys that
// contain a word such as auth, authorization, token, secret, key, cert, session, cookie, credential or signature are
// REDACTED, see [WithUnredactedMetadata]; values of -bin keys are unpadded base64. Several add up.
func WithCapturedRequestMetadata(keys ...string) Option {
	return sharedOption(func(o *options) { o.request = append(o.request, keys...) })
}

// WithCapturedResponseMetadata records the values of header, then trailer metadata as rpc.response.metadata.<key>,
// by the rules of [WithCapturedRequestMetadata]. On a server it needs [ServerOptions]; interceptors alone do not
// see what is sent.
func WithCapturedResponseMetadata(keys ...string) Option {
	return sharedOption(func(o *options) { o.response = append(o.response, keys...) })
}

// WithUnredactedMetadata records the values of the named keys, if they are captured, without redaction. Several add
// up.
func WithUnredactedMetadata(keys ...string) Option {
	return sharedOption(func(o *options) { o.unredacted = append(o.unredacted, keys...) })
}

// WithoutStatusMessage leaves the description of error spans empty. By default it is the status message, which may
// repeat what a client sent.
func WithoutStatusMessage() Option {
	return sharedOption(func(o *options) { o.noMessage = true })
}

// WithoutPanicMessages leaves the value of a panic, which may repeat what a client sent, out of spans: the exception
// event has type and stack trace only, and the status has no description. The configuration key redact.panic_messages
// does the same for all interceptors.
func WithoutPanicMessages() Option {
	return sharedOption(func(o *options) { o.source.NoPanicMessages = true })
}

// WithoutRemoteBaggage drops the baggage that callers send, also with [WithPublicEndpoint]: it is neither in the
// handler's context nor in its incoming metadata, so that it does not travel on with calls made for an untrusted
// client. The keys are those of W3C and of the propagators jaeger and ottrace. Baggage that the service sets itself is sent
// as usual. Without the option, a caller's baggage is kept.
func WithoutRemoteBaggage() ServerOption {
	return serverOption(func(o *serverOptions) { o.common.source.NoRemoteBaggage = true })
}

// WithPublicEndpoint makes every server span the root of a new trace, with a link to the caller's span, because
// callers are not trusted to decide about the traces of this service. Their baggage is kept, see [WithoutRemoteBaggage].
// The configuration key sampling.remote_parent keeps the caller's trace and only ignores its sampling decision.
func WithPublicEndpoint() ServerOption {
	return WithPublicEndpointFn(func(context.Context, string) bool { return true })
}

// WithPublicEndpointFn is [WithPublicEndpoint] for the calls for which public returns true.
func WithPublicEndpointFn(public func(ctx context.Context, fullMethod string) bool) ServerOption {
	return serverOption(func(o *serverOptions) {
		if public != nil {
			o.public = public
		}
	})
}

// WithTraceIDMetadata sends the trace id of each server span, hex, sampled or not, as metadata key: in the header of
// calls that succeed, and in the trailer of calls that fail, so that clients still retry them. A stream that sends
// messages before it fails has it in both; a call whose handler sends the header with grpc.SendHeader has it in the
// trailer. Keys that gRPC does not allow as metadata, and those that begin with "grpc-", send nothing.
func WithTraceIDMetadata(key string) ServerOption {
	return serverOption(func(o *serverOptions) { o.traceIDKey = sendable(strings.ToLower(strings.TrimSpace(key))) })
}
