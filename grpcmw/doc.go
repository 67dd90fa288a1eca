// Package grpcmw gives gRPC calls OpenTelemetry spans: one SERVER span per RPC on a server, one CLIENT span per call
// on a client, named by its method and with the status that was really sent.
//
//	s := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(t))...)
//	cc, err := grpc.NewClient(target, grpcmw.DialOptions(grpcmw.With(t))...)
//
// t is a *spanroute.Tracing. Without [With], the otel globals are used. Put the options first, so that the package is
// outermost and sees the responses of other interceptors. Installing it twice makes no second span.
//
// # Interceptors or options
//
// The four interceptors are complete except for RPCs and results that never reach an interceptor. [ServerOptions] adds a
// stats handler that sees them:
//
//   - calls of unknown services and methods, whose spans are all named "grpc", so that peers cannot make up names
//   - requests that cannot be decoded or decompressed, and responses of interceptors further out
//   - responses that cannot be encoded, are too large or fail to be sent; an interceptor alone records OK
//   - response metadata, for [WithCapturedResponseMetadata]
//
// [DialOptions] adds one that records the peer of the last attempt. Interceptors alone use the grpc.Peer call option;
// then the span of a stream that was cancelled may lack its peer, and an interceptor inside that sends one call
// several times at once must not be used. The stats handlers make grpc-go itself copy metadata and report events:
// about twenty allocations per RPC more than the interceptors alone.
//
// # Attributes and status
//
// Attributes and status are those of the RPC semantic conventions v1.43.0 (release candidate): rpc.system.name,
// rpc.method, rpc.response.status_code ("NOT_FOUND"), error.type, server.address and server.port, network.peer.address
// and network.peer.port. On a server only the codes that are the server's fault make the span an error, see
// [WithErrorCode]. Messages have no events. A panic is recorded with its stack and goes on; turning it into
// a response is the task of a recovery interceptor, inside (a plain error then) or outside (the span stays an error).
//
// Every string is valid UTF-8 of at most 4096 bytes (stacks 16 KiB), lists have at most 16 values. Metadata is recorded
// only if an option names its key; values of keys that are like those of secrets are REDACTED.
//
// # Untrusted clients
//
// A caller's sampled flag decides about its trace, and its baggage goes on with outgoing calls. The configuration key
// sampling.remote_parent takes the decision from it, [WithPublicEndpoint] the trace as well, [WithoutRemoteBaggage] the
// baggage. Panics are recorded with their message unless [WithoutPanicMessages] or redact.panic_messages leaves it out;
// status messages unless [WithoutStatusMessage] does.
//
// # Exclusion
//
// RPCs that the patterns of [With] (excluded_urls, excluded_rpcs) or [WithExclude] exclude get no span. Their handlers
// run with a suppressed context: nothing below is recorded, and calls go out with the caller's trace id, unsampled.
//
// # Limits
//
//   - A request that the transport refuses, or whose path is not /service/method, has no span: grpc-go does not report it.
//   - A stream of an unknown method that the peer resets before the response has no span.
//   - A client stream that is neither read to its end nor cancelled keeps its span open until its connection is
//     closed; it leaks in grpc-go itself.
//   - An outer interceptor that calls its handler twice makes two spans with interceptors alone; one that throws the
//     context away makes two in any case. Be outermost.
//   - After runtime.Goexit in a handler grpc-go never answers; the span ends, the caller waits for its deadline.
//   - With [WithTraceIDMetadata], a call is committed, so that the client does not retry it, where its handler succeeds
//     and an outer interceptor makes it fail, or where the first response cannot be encoded or is too large.
//   - grpc-trace-bin is neither read nor written; OTEL_SEMCONV_STABILITY_OPT_IN is not read; metrics are not recorded.
//
// Allocations added to a call by the interceptors, everything on the wire and in the SDK included, are guarded by a
// test: server 12 sampled, 6 unsampled; client 17 sampled, 13 unsampled.
package grpcmw
