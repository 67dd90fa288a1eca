package sampling

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/tokens"
	"github.com/spanroute/spanroute/internal/undecided"
)

// Keep selects local traces that are kept although the sampler did not select them. The zero value selects none.
//
// A local trace is the part of a trace in one process: a span without a parent in the process, which is the local root,
// and its descendants. Callees are not informed: they received the sampled flag of the start.
type Keep struct {
	// Errors keeps a local trace if a span of it ends with the status Error.
	Errors bool `koanf:"errors" hot:"true" doc:"true: keep the spans of this process if one of them fails, whatever the rate"`
	// SlowerThan keeps a local trace whose root takes longer. 0 means off.
	SlowerThan time.Duration `koanf:"slower_than" range:"0.." hot:"true" doc:"keep the spans of this process if the first of them takes longer, whatever the rate; 0: off"`
	// MaxTracesPerSecond bounds the local traces that are kept for these reasons. 0 means no bound. Fractions are allowed.
	MaxTracesPerSecond float64 `koanf:"max_traces_per_second" range:"0.." hot:"true" doc:"bound of what sampling.keep keeps; 0: none"`
}

// Any reports whether k keeps anything.
func (k Keep) Any() bool { return k.Errors || k.SlowerThan > 0 }

// Hold bounds the memory of spans that wait for the end of their local trace. If a bound is exceeded, the oldest local
// trace is dropped. A value of 0 means the default.
type Hold struct {
	// MaxTraces bounds the local traces that have ended spans, 10,000 by default.
	MaxTraces int `koanf:"max_traces" range:"1.." hot:"true" doc:"undecided local traces with ended spans"`
	// MaxBytes bounds the memory of these spans, 64 MiB by default. It is an estimate.
	MaxBytes int64 `koanf:"max_bytes" range:"1.." hot:"true" doc:"memory of the ended spans of undecided local traces"`
	// MaxTime bounds the time that a span waits, one minute by default.
	MaxTime time.Duration `koanf:"max_time" range:"1ms.." hot:"true" doc:"how long an ended span waits for the end of its local trace"`
}

// The reasons of local traces that were kept at their end, in the attribute ReasonKey of the local root.
const (
	ReasonKey   = attribute.Key("spanroute.sampling.reason")
	ReasonError = "error" // a span failed
	ReasonSlow  = "slow"  // the local root took longer than sampling.keep.slower_than
)

var (
	errorReason = ReasonKey.String(ReasonError)
	slowReason  = ReasonKey.String(ReasonSlow)
)

// A keeper decides about local traces that the sampler did not select. Only its bucket and counts change.
type keeper struct {
	Keep
	bucket *tokens.Bucket // nil: no bound
	counts *counts
}

// newKeeper returns a keeper that counts in c, or nil if k keeps nothing.
func newKeeper(k Keep, c *counts) *keeper {
	if !k.Any() {
		return nil
	}
	return &keeper{Keep: k, bucket: tokens.New(k.MaxTracesPerSecond, nil, now()), counts: c}
}

// EndSpan keeps the local trace of a failed span or a slow root.
func (k *keeper) EndSpan(span sdktrace.ReadOnlySpan, root bool) (undecided.Verdict, undecided.Reason) {
	switch {
	case k.Errors && span.Status().Code == codes.Error:
		return k.take(errorReason)
	case root && k.isSlow(span.EndTime().Sub(span.StartTime())):
		return k.take(slowReason)
	}
	return undecided.Open, undecided.Reason{}
}

// Expire keeps a local trace that is slow already.
func (k *keeper) Expire(age time.Duration) (undecided.Verdict, undecided.Reason) {
	if k.isSlow(age) {
		return k.take(slowReason)
	}
	return undecided.Open, undecided.Reason{}
}

// ReadsContent returns false: status and times are enough.
func (*keeper) ReadsContent() bool { return false }

func (k *keeper) isSlow(d time.Duration) bool { return k.SlowerThan > 0 && d > k.SlowerThan }

// take keeps a local trace if the bound allows one more.
func (k *keeper) take(reason undecided.Reason) (undecided.Verdict, undecided.Reason) {
	if k.bucket != nil && !k.bucket.Take(now()) {
		k.counts.keepLimited.Add(1)
		return undecided.Drop, undecided.Reason{}
	}
	if reason == errorReason {
		k.counts.errors.Add(1)
	} else {
		k.counts.slow.Add(1)
	}
	return undecided.Keep, reason
}

var start = time.Now()

// now returns the monotonic time since the start of the program.
func now() time.Duration { return time.Since(start) }
