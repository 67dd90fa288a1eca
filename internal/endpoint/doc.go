// Package endpoint parses the addresses of backends: HTTP URLs, gRPC targets and host names, as operators write them.
//
//	h, err := endpoint.ParseHTTP("localhost:9411") // http://localhost:9411, h.SchemeInferred
//	g, err := endpoint.ParseGRPC("http://[::1]:4317") // g.Target "[::1]:4317", g.Scheme "http"
//
// Default ports, default paths and the meaning of a scheme for TLS are up to the exporters. The package neither resolves
// nor dials. An endpoint without "://" has the form host[:port][/path] and is not parsed as a URL, because net/url takes
// the host of "localhost:4318" for a scheme. Errors are *settings.Fault of kind url; user information and secret query
// values are masked in them.
package endpoint
