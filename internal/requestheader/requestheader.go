// Package requestheader passes the headers of a request from instrumentation to the sampler, which decides about the span
// of the request before the headers are part of it.
package requestheader

import "context"

type key struct{}

// With returns ctx with a function that returns the values of a header or of incoming metadata, by the name in lower case.
// The sampler calls it while the span starts.
func With(ctx context.Context, values func(name string) []string) context.Context {
	return context.WithValue(ctx, key{}, values)
}

// Values returns the values of a header of the request in ctx. The name is in lower case.
func Values(ctx context.Context, name string) []string {
	values, ok := ctx.Value(key{}).(func(string) []string)
	if !ok {
		return nil
	}
	return values(name)
}
