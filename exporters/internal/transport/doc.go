// Package transport sends the requests of the exporters that get answers, by HTTP POST and unary gRPC.
//
// It builds one http.Transport or grpc.ClientConn per destination from endpoint, certificate files and headers, and
// turns each answer or failure into a delivery.Outcome: whether a retry makes sense, how long a Retry-After delays it,
// and what an operator can do about it (the hint).
//
// Certificate files are followed without a restart, see package tlsfiles. A success that cannot be the protocol's, such as a web
// page, does not count as delivered.
//
// The package does not read the environment except for the proxy (http.ProxyFromEnvironment), does not follow
// redirects, retry or dial before the first attempt, and does not use http.DefaultClient. No error or hint holds a
// header value, a password or a URL's user information, also where a receiver repeats them: each destination masks its
// own secrets in every text that it did not write itself.
package transport
