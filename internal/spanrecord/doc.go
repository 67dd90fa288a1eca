// Package spanrecord is the contract by which instrumentation has a span in its own record of an operation, in one
// allocation. It depends on the OpenTelemetry API only: package recording implements it, and mw and grpcmw use it, without
// importing each other.
//
// # How it works
//
// Instrumentation makes one record for each operation: the context of the operation and its state. A [Tracer] returns a
// [Starter] for the type of that record. [Starter.Start] allocates the record and the handle of a new span next to each
// other, starts the span, and returns pointers to both. The instrumentation fills the record, and its Value method returns
// the span for the key of [Key]. With any other tracer, and if the key is unknown, the instrumentation starts its span by
// trace.Tracer.Start.
//
// Records are never reused, so the program may keep request, context and span for any time. A span that is kept keeps its
// record in memory, and the reverse.
package spanrecord
