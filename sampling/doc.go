// Package sampling decides which traces are kept: a ratio of new traces by trace id, parents respected,
// changeable while the process runs.
//
//	sampler, err := sampling.New(sampling.Config{SampleRate: 0.1})
//	live := sampling.NewDynamic(sampler)
//	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(live))
//	live.Set(sampling.Ratio(1)) // from now on everything
//
// The six names of OTEL_TRACES_SAMPLER are two switches (does a parent decide; what is the root's rate), so
// one small sampler serves all of them. Whatever it is set to, a span below an excluded request is dropped
// first of all.
//
// A caller decides about its trace with the sampled flag, and with traceidratio by the trace id that it chooses. Where
// callers are untrusted, Config.RemoteParent takes both from them, so that no request costs more than the rate says.
//
// The ratio is spanroute's own few lines and not the SDK's TraceIDRatioBased, for two reasons: the
// specification calls that one deprecated and lets SDKs change its verdicts silently, while services of
// several languages must agree on them; and NaN passes its range checks and samples everything on amd64,
// nothing on arm64.
package sampling
