// Package instrumentation is the common part of mw and grpcmw: the source of tracer and propagator, the time at which
// attributes are set, the operator's rules, public endpoints, the attributes of the program, and panics. It depends on
// the OpenTelemetry API only, so it works with any tracer provider.
//
// # How it works
//
// [New] resolves the options of one middleware, transport or set of interceptors once. The result is read for each
// request: [Instrumentation.Extract] reads the caller's trace context, [Instrumentation.Tracer] returns the tracer, and
// [Instrumentation.DefersAttributes] reports which of two ways the request goes. Normally the attributes known at
// the start are given to Tracer.Start, where a sampler can read them. If no sampler does, they are deferred: the span
// starts without attributes, a span that is not recorded costs none, and a recorded span gets all of them in one call
// at its end, from a pooled [Buffer]. Attributes that the handler set in the meantime take precedence then, as they
// would if the others had been set at the start; see [AppendUnset].
package instrumentation
