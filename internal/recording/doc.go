// Package recording makes spans: it is the tracer provider of spanroute. It records what the OpenTelemetry SDK would
// record, at less than half of the cost, and uses the SDK's interfaces for samplers, ids, limits, processors and ended
// spans.
//
//	provider := recording.New(recording.Config{Sampler: sampler, Limits: limits, Resource: resource, Sinks: sinks})
//	ctx, span := provider.Tracer("library").Start(ctx, "work")
//	defer span.End()
//
// # How it works
//
// A span that is recorded has two parts. The [Span] is its handle: small, allocated together with the context that
// [Tracer.Start] returns, and never used again. The [Body] holds what is recorded. The body belongs to the handle until
// End, which takes it off under the handle's lock, and then to the processors and sinks. A program that keeps a handle
// after End has a handle without a body: writing to it does nothing. Nothing that is queued for export refers to the
// handle, and so to the context or the request.
//
// A [Sink] is a destination that releases bodies. If a provider has sinks and no span processors, its bodies are counted
// and pooled: each sink calls [Body.Release] once, and the last one returns the body to the pool. Under the race detector,
// a released body is filled with wrong content, and panics if it is read. A span processor, and the exporter behind it,
// may keep a span forever, as they may with the SDK. If a provider has processors, its bodies are left to the garbage
// collector and stay readable, through the handle as well.
//
// A body keeps alive what it shows and nothing else. Lists are copied with the length that they have, tracestates are
// copied out of the header that they were read from, and a text that the length limit cuts is a copy and not a
// substring. A text that the program took from a longer one keeps that one alive.
//
// # Differences from the SDK
//
// A table of behaviours and a fuzz test with random operations compare this package with the SDK. It differs in this:
//
//   - If bodies are pooled, a handle has no name, attributes and so on after End. The span context, the scope and the
//     resource stay.
//   - DroppedEvents and DroppedLinks of an ended span count also if none was kept; the SDK reports 0.
//   - A link's attributes are copied, so that a program may change its list afterwards.
//   - The text of a panic is made without a lock: a String or Error method that uses the span has no effect. In the SDK it
//     blocks forever.
//   - Resource, sampler and limits are those of the [Config] alone. The SDK merges OTEL_RESOURCE_ATTRIBUTES into each
//     resource, and reads OTEL_TRACES_SAMPLER and OTEL_SPAN_* where nothing else is set. Package config reads them for
//     spanroute.
//   - It does not log "TracerProvider created" and "Tracer created" to the logger of otel.SetLogger. Only the modules of
//     OpenTelemetry reach that logger; the warnings about limits are written through a span of the SDK that is made for
//     it. The SDK's experimental metrics about itself count these spans, too.
//   - The scope of those metrics, otel.sdk.span.live and otel.sdk.span.started, is this package.
//   - Types are not the SDK's: a type assertion to *sdktrace.TracerProvider fails. One to sdktrace.ReadOnlySpan or
//     sdktrace.ReadWriteSpan holds.
//
// The interfaces of the SDK have unexported methods. They are implemented by embedding a span without content, and not a
// nil one: a method that a later SDK adds answers as for an empty span instead of panicking. A test finds such methods.
package recording
