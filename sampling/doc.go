// Package sampling decides which traces are kept: a share of new traces by trace id or by a strategy, and the decision of
// the parent for all other spans. The decision can be changed while the process runs.
//
//	sampler, err := sampling.New(sampling.Config{SampleRate: 0.1})
//	live := sampling.NewDynamic(sampler)
//	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(live))
//	live.Set(sampling.Ratio(1)) // from now on all new traces
//
// # How it works
//
// The values of OTEL_TRACES_SAMPLER are combinations of two choices, whether a parent decides and the rate of new traces,
// so one small sampler implements all of them. For each span it decides in this order:
//
//  1. A span below an excluded request is dropped, whatever the configuration.
//  2. A local root whose request has the header of [Force] is kept.
//  3. With a parentbased sampler, a span with a parent follows the sampled flag of the parent.
//  4. The first [Rule] that matches decides, by its own rate and limit.
//  5. Otherwise the span is kept if its trace id, read as a number, is below a bound that New computes from the rate.
//     With Consistent, the number is the randomness of the trace, and the tracestate gets the threshold.
//     With jaeger_remote, a [Strategy] decides in place of the rate, by the trace id and the name of the span; package
//     jaegerremote has the one of a sampling server.
//  6. MaxTracesPerSecond bounds what steps 4 and 5 keep.
//
// Rules about the status, the duration or attributes that are unknown at the start, and [Keep], leave the local trace
// undecided. The recorder of spanroute holds its spans and asks again when each of them ends, at the latest for the local
// root. Other recorders do not ask: there the decision of the start holds.
//
// A span that is not kept is dropped, or with Dropped "record" recorded but not exported. The decision takes a few
// nanoseconds and does not allocate. A [Dynamic] loads the current sampler atomically and lets it decide.
//
// A caller decides about its trace with the sampled flag, and with traceidratio by the trace id that it chooses. For
// services with untrusted callers, Config.RemoteParent takes both from them, so that requests cannot exceed the rate.
//
// The ratio does not use the SDK's TraceIDRatioBased for two reasons. The specification deprecates that sampler and lets
// SDKs change its decisions silently, while services in several languages must agree on them. And NaN passes its range
// checks: it samples everything on amd64 and nothing on arm64.
package sampling
