// Package semattr builds the attributes of HTTP and RPC spans: keys of one version of the OpenTelemetry semantic
// conventions, values that are valid UTF-8 and bounded, and the small parsers behind them (addresses, peers,
// error types, captured headers). Its functions neither fail nor panic: malformed data of a peer have no attribute and
// are not an error for the handler.
//
// The attributes of mw and grpcmw come from here, so that both use the same version of the conventions.
package semattr

import (
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// SchemaURL is the URL of the version of the semantic conventions that defines the keys of this package.
const SchemaURL = semconv.SchemaURL

// Keys of HTTP spans, HTTP semantic conventions v1.43.0 (stable).
const (
	HTTPRequestMethod         = semconv.HTTPRequestMethodKey
	HTTPRequestMethodOriginal = semconv.HTTPRequestMethodOriginalKey
	HTTPRequestBodySize       = semconv.HTTPRequestBodySizeKey
	HTTPRequestResendCount    = semconv.HTTPRequestResendCountKey
	HTTPResponseBodySize      = semconv.HTTPResponseBodySizeKey
	HTTPResponseStatusCode    = semconv.HTTPResponseStatusCodeKey
	HTTPRoute                 = semconv.HTTPRouteKey
	URLFull                   = semconv.URLFullKey
	URLPath                   = semconv.URLPathKey
	URLQuery                  = semconv.URLQueryKey
	URLScheme                 = semconv.URLSchemeKey
	URLTemplate               = semconv.URLTemplateKey
	UserAgentOriginal         = semconv.UserAgentOriginalKey
	ClientAddress             = semconv.ClientAddressKey
)

// Keys of RPC spans, RPC semantic conventions v1.43.0 (release candidate).
const (
	RPCSystemName         = semconv.RPCSystemNameKey
	RPCMethod             = semconv.RPCMethodKey
	RPCMethodOriginal     = semconv.RPCMethodOriginalKey
	RPCResponseStatusCode = semconv.RPCResponseStatusCodeKey
)

// Keys that HTTP and RPC spans share.
const (
	ServerAddress          = semconv.ServerAddressKey
	ServerPort             = semconv.ServerPortKey
	NetworkPeerAddress     = semconv.NetworkPeerAddressKey
	NetworkPeerPort        = semconv.NetworkPeerPortKey
	NetworkProtocolVersion = semconv.NetworkProtocolVersionKey
	ErrorTypeKey           = semconv.ErrorTypeKey
	ExceptionType          = semconv.ExceptionTypeKey
	ExceptionMessage       = semconv.ExceptionMessageKey
	ExceptionStacktrace    = semconv.ExceptionStacktraceKey
)

// Prefixes of the opt-in attributes that hold captured headers and metadata; the lower-case name follows.
const (
	HTTPRequestHeaderPrefix   = "http.request.header."
	HTTPResponseHeaderPrefix  = "http.response.header."
	RPCRequestMetadataPrefix  = "rpc.request.metadata."
	RPCResponseMetadataPrefix = "rpc.response.metadata."
)

// Values that the conventions define.
const (
	Other          = "_OTHER"                   // an unknown method, or an error without a type
	ExceptionEvent = semconv.ExceptionEventName // the name of the event of a panic
)

// Bounds of every value.
const (
	MaxText  = 4096     // bytes of a string: attribute value, span name, status description
	MaxStack = 16 << 10 // bytes of exception.stacktrace
	MaxList  = 16       // values of a list
)

// RPCSystemGRPC is the attribute rpc.system.name of every RPC span.
func RPCSystemGRPC() attribute.KeyValue { return semconv.RPCSystemNameGRPC }

// Text returns s as valid UTF-8 of at most [MaxText] bytes, cut on a rune boundary. It returns s itself, without
// allocating, if nothing must be changed, and otherwise a copy that keeps nothing of s alive. An [Owner] is for texts
// that are part of a longer one.
func Text(s string) string { return Owner{}.Text(s) }

// TextN is [Text] with another bound, in bytes.
func TextN(s string, limit int) string { return Owner{}.textN(s, limit) }

// cut shortens s to at most limit bytes without splitting a rune.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && limit-end < utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// String returns the attribute key=value with the value cleaned by [Text].
func String(key attribute.Key, value string) attribute.KeyValue { return key.String(Text(value)) }
