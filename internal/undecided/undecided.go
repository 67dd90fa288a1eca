// Package undecided is the contract between a sampler and a recorder about local traces that are decided at their end.
//
// A local trace consists of a local root, which is a span without a parent in this process, and its descendants in this
// process. The recorder records an undecided local trace and holds its spans back until the sampler's [Trace] has a
// verdict, at the latest when the local root ends.
package undecided

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A Sampler is a sampler that may leave a local trace undecided.
type Sampler interface {
	sdktrace.Sampler

	// Decide is ShouldSample for a span below parent, which need not be in the context of p. A Trace that is not nil
	// decides at the end. The decision of the result must then be RecordAndSample or RecordOnly: it determines the
	// sampled flag that callees receive, and whether the trace is kept without a verdict of the Trace. For a span with a
	// local parent, the Trace must be nil.
	Decide(parent trace.SpanContext, p sdktrace.SamplingParameters) (sdktrace.SamplingResult, Trace)
}

// A Trace decides about local traces that a sampler left undecided. It has no state of a single trace, so that a decision
// costs no allocation. All methods are safe for concurrent use.
type Trace interface {
	// EndSpan is called when a span of the local trace has ended, until a verdict other than Open. The local root comes
	// last. The span must not be kept.
	EndSpan(span sdktrace.ReadOnlySpan, root bool) (Verdict, Reason)
	// Expire is called when the spans of the local trace cannot be held any longer and its root, which started age
	// ago, has not ended. After Open, the local trace is kept if the decision of its start was RecordAndSample.
	Expire(age time.Duration) (Verdict, Reason)
	// ReadsContent reports whether EndSpan reads more of a local root than its status and its times.
	ReadsContent() bool
}

// A Verdict is a decision about a local trace.
type Verdict uint8

// The verdicts.
const (
	Open Verdict = iota // not decided; for the local root: the decision of its start holds
	Keep
	Drop
)

// A Reason is the attribute that the local root of a kept trace gets. The zero value means none.
type Reason = attribute.KeyValue
