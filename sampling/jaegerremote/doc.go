// Package jaegerremote is a sampler whose strategy comes from a Jaeger server or an OpenTelemetry Collector with the
// extension jaegerremotesampling. It polls the server over HTTP (port 5778) or gRPC (port 5779).
//
//	endpoint, err := jaegerremote.ParseEndpoint("http://localhost:5778/sampling")
//	source := jaegerremote.NewSource(endpoint, "shop", jaegerremote.Connection{})
//	sampler, err := jaegerremote.New(jaegerremote.Options{Source: source, InitialRate: 0.001})
//	sampler.Start()
//	defer sampler.Shutdown(ctx)
//	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sampler)))
//
// # Strategies
//
// A response is a union. The fields decide which strategy it contains, in this order; strategyType is ignored, as
// Jaeger's definition of the message recommends:
//
//   - operationSampling: a probability per operation, which is the name of the span at its start, and a default for all
//     others, also if the list is empty. A lower bound keeps a minimum of traces per second of each operation, an upper
//     bound limits them.
//   - probabilisticSampling: one probability. The trace id decides, by the rule of sampling.Ratio.
//   - rateLimitingSampling: a maximum of traces per second.
//
// A response with a probability outside 0 to 1, a rate outside 0 to 2147483647, an operation that occurs twice or more
// than 10,000 operations is rejected as a whole.
//
// # How it works
//
// A goroutine requests the strategy at once and then in intervals that vary by 10 percent. It compiles each valid
// response to an immutable plan and stores the plan atomically. A decision loads the plan, looks the span name up in a
// map, compares the trace id with a bound and takes a token from a bucket, which is one atomic word. It takes no lock and
// does not allocate. Until the first valid response the plan is a probability, Options.InitialRate.
//
// After an error the last plan stays in effect. The error is logged once, with a second line when the server responds
// again, and at most once in 10 minutes. A response has at most 1 MiB and a request at most 10 seconds. The connection of
// a request is closed after it.
//
// With a lower bound, every operation needs a bucket, also one that the server does not list. A plan has buckets of its
// own for at most Options.MaxOperations operations: first for those that the server lists, then for others as they
// occur. All further operations share one bucket. A new plan inherits the level of each bucket, so a poll does not grant
// a new burst, and omits operations with a full bucket that the server does not list.
//
// # The adaptive strategy of Jaeger
//
// Jaeger computes probabilities from the root spans that it receives. It reads two of their attributes, which this
// sampler therefore adds to the root spans that it keeps:
//
//	sampler.type   "probabilistic", "lowerbound" or "ratelimiting"
//	sampler.param  the probability, also with "lowerbound", or the traces per second, as a float
//
// It counts a span as throughput only with the type "probabilistic". With "lowerbound" it learns that the operation
// exists. It adapts an operation only if it finds the probability that it computed before, rounded to six decimals, in
// sampler.param. This was read in version 2.20.0 of github.com/jaegertracing/jaeger, in the files aggregator.go
// (HandleRootSpan, getSamplerParams, RecordThroughput), post_aggregator.go (isUsingAdaptiveSampling) and floatutils.go
// (TruncateFloat) of internal/sampling/samplingstrategy/adaptive. These functions are the same in module version v1.76.0.
// The attributes jaeger.sampler.type and jaeger.sampler.param, which samplers of OpenTelemetry write, are not read there.
//
// Jaeger reads them from root spans only. Children and spans with a remote parent do not have them.
//
// In these versions, a server that holds the leader lock serves the probabilities that were stored when it started
// (runUpdateProbabilitiesLoop in provider.go); the other servers load them in intervals. With the storages memory and
// badger, a server always holds the lock. With badger it serves new probabilities after a restart, with memory never.
package jaegerremote
