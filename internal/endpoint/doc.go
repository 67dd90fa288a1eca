// Package endpoint reads backends' addresses: HTTP URLs, gRPC targets and host names, as people write them.
//
//	h, err := endpoint.ParseHTTP("localhost:9411") // http://localhost:9411, h.SchemeInferred
//	g, err := endpoint.ParseGRPC("http://[::1]:4317") // g.Target "[::1]:4317", g.Scheme "http"
//
// It knows no exporter: default ports, default paths and what a scheme means for TLS are the caller's.
// Nothing is resolved or dialled. An endpoint without "://" is host[:port][/path] and never parsed as a
// URL, or "localhost:4318" would have the scheme "localhost". Errors are *settings.Fault of kind url; user
// information and secret query values are masked in them.
package endpoint
