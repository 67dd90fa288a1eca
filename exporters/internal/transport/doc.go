// Package transport is the wire under the exporters that get answers: HTTP POST and unary gRPC.
//
// It builds one http.Transport or grpc.ClientConn per destination from endpoint, certificate files
// and headers, and turns what comes back into a delivery.Outcome: which answers are worth a retry,
// what a Retry-After asks for, and what an operator would do about a failure (the hint).
//
// Nothing here reads the environment except for the proxy (http.ProxyFromEnvironment), follows a
// redirect, retries by itself, dials before the first attempt, or uses http.DefaultClient. Errors
// never carry a header value, a password or a URL's user information.
package transport
