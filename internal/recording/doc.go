// Package recording is the tracer provider of spanroute. It records the same spans as the OpenTelemetry SDK with fewer
// allocations and less processor time. Samplers, id generators, limits, span processors and ended spans have the types
// of the SDK.
//
//	provider := recording.New(recording.Config{Sampler: sampler, Limits: limits, Resource: resource, Sinks: sinks})
//	ctx, span := provider.Tracer("library").Start(ctx, "work")
//	defer span.End()
//
// # How it works
//
// A recorded span has two parts. The program holds a [Span], the handle: it is small, it is allocated together with the
// context that [Tracer.Start] returns, and it is never reused. The [Body] holds the recorded content. The body belongs to
// the handle until End, and to the processors and sinks afterwards. End marks the handle as ended under its lock, so that
// later writes have no effect. A body does not refer to its handle: a queued span does not keep a context or a request
// in memory.
//
// A [Sink] is a destination that releases bodies. If a provider has sinks and no span processors, its bodies are pooled,
// with a count of references: each sink calls [Body.Release] once, and the last call returns the body to the pool. Under
// the race detector, a released body is overwritten, and reading it panics. A span processor, and the exporter behind it,
// may keep a span without limit of time, as with the SDK. If a provider has processors, its bodies are not pooled and
// remain readable, also through the handle.
//
// A sampler that is an undecided.Sampler may leave a local trace undecided. Its spans are recorded, and when they end, a
// localTrace holds their bodies, until the sampler keeps or drops the trace. A root without children needs no localTrace.
// The hold of the provider bounds the memory of all of them.
//
// A body refers to no memory other than what its methods return. It has its own lists. Tracestates are copies, because the
// members of a parsed one refer to the whole header. A text that the length limit cuts is a copy and not a substring. A
// text that the program cut from a longer one still keeps the longer one in memory.
//
// # Differences from the SDK
//
// Tests compare this package with the SDK: a table of behaviours, random operations, and the tests of the SDK itself. The
// differences are:
//
//   - If bodies are pooled, the methods of sdktrace.ReadOnlySpan return nothing after End, except for the span context,
//     the scope and the resource.
//   - DroppedEvents and DroppedLinks of an ended span are correct if the limit is 0; the SDK returns 0.
//   - The attributes of a link are copied, so that a program may change its list afterwards.
//   - End formats the value of a panic without a lock. In the SDK, a String or Error method that uses the span deadlocks.
//   - Resource, sampler and limits come from the [Config] only. The SDK merges OTEL_RESOURCE_ATTRIBUTES into each
//     resource, and reads OTEL_TRACES_SAMPLER and OTEL_SPAN_* as defaults. In spanroute, package config reads them.
//   - It does not log "TracerProvider created" and "Tracer created" to the logger of otel.SetLogger, which only the
//     modules of OpenTelemetry can use. Warnings about limits are logged by means of a span of the SDK. The experimental
//     metrics of the SDK count that span.
//   - The scope of those metrics, otel.sdk.span.live and otel.sdk.span.started, is this package.
//   - A type assertion to *sdktrace.TracerProvider fails. Spans implement sdktrace.ReadOnlySpan and ReadWriteSpan.
//   - A nil *Span panics.
//
// The interfaces of the SDK have unexported methods. An embedded span without content provides them. It also provides
// methods that a later SDK adds, so that they return nothing instead of panicking; a test finds such methods.
package recording
