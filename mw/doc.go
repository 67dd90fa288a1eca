// Package mw traces net/http: a middleware that makes one SERVER span of each request, and a transport that makes
// one CLIENT span of each request sent. The spans follow the HTTP semantic conventions of OpenTelemetry, v1.43.0.
//
//	r := chi.NewRouter()
//	r.Use(mw.New(mw.With(t))) // t is a *spanroute.Tracing
//
//	client := &http.Client{Transport: mw.NewTransport(nil, mw.With(t))}
//
// A span is named by its method and its route, "GET /users/{id}", never by the path. The route comes from chi, from
// [http.ServeMux], or from a call of [SetRoute]; it is looked up after the handler, so that panics are named, too.
// If a middleware between New and the router passes on a copy of the request, as r.WithContext makes one, net/http's
// pattern is lost: use [WithServeMux] or [WithRouter] then. chi's route survives copies if New is in r.Use.
//
// A span starts with the name of its method if the route is not known yet. While sampling depends on routes, by rules with
// a route or by sampling.sampler: jaeger_remote, the route is looked up before the handler, too.
//
// Place New outermost. A middleware before it that rewrites Request.RemoteAddr falsifies the peer; forwarded headers
// are ignored unless [WithTrustedProxies] names the proxy.
//
// # Status
//
// A server span is an error for a status of 500 and above, a panic, a write that failed, and a client that left
// before anything was written; a client span for 400 and above and for a failed request or body, but not when the
// caller cancelled. A span has error.type if and only if it is an error. The status Ok is left to the program.
//
// # Untrusted clients
//
// A caller's sampled flag decides about its trace, and its baggage goes on with outgoing requests. The configuration key
// sampling.remote_parent takes the decision from it, [WithPublicEndpoint] the trace as well, [WithoutRemoteBaggage] the
// baggage.
//
// Values of query keys and captured headers whose names are like those of secrets are REDACTED, and so is user
// information in URLs, also of a URL that is the value of a query key or of a header. The path of a URL is recorded
// unchanged. The fragment is not recorded. The text of an error is recorded without the secrets of
// URLs that it quotes. Panics are recorded with their message unless [WithoutPanicMessages] or redact.panic_messages
// leaves it out.
//
// # Cost
//
// A request that is excluded or not sampled gets the original ResponseWriter and no attributes are built. A sampled
// one costs one allocation in addition to those of the SDK: the writer, the copy of the request and its context are one
// object. It is never reused, so a handler may keep it. With
// a provider that is not that of [With], attributes are given at the start, because its sampler may read them.
//
// # Limits
//
//   - The private hook of [http.MaxBytesReader] that closes the connection is lost behind any wrapper of the
//     ResponseWriter (golang/go#73754).
//   - net/http logs a superfluous WriteHeader with the first function outside of itself. Behind the writer of another
//     middleware, or around an [http.TimeoutHandler], that is a writer and not the handler.
//   - A middleware around New sees Pattern and PathValue after the handler if the ServeMux got the request that New
//     passed on. A copy that a middleware between them made keeps its match to itself, as without New.
//   - The writer of [http.TimeoutHandler] has no Unwrap (golang/go#69777). Around a TimeoutHandler, New records its
//     503; inside one, 503 if the handler still writes after the timeout, else a deadline without status.
//   - A response body of [NewTransport] that is neither read to its end nor closed leaks its connection and never
//     ends its span; [WithEndOnHeaders] is for callers that do so.
//   - A protocol upgrade that is written to the hijacked connection itself, as WebSocket libraries and
//     [net/http/httputil.ReverseProxy] do, has no status code on its span.
//   - New in front of a chi router finds the route by asking the router beforehand. Middlewares of the router that
//     rewrite its routing path, such as StripSlashes, are not run: use r.Use for them.
//   - The body sizes of [WithBodySizes] are those the handler and the caller see. A response that net/http
//     decompressed for the caller has none.
package mw

//go:generate go run writers_gen.go
