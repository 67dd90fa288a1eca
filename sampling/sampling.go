package sampling

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/internal/tokens"
	"github.com/spanroute/spanroute/internal/undecided"
)

// Config is the sampling configuration of an operator. The zero value samples nothing.
type Config struct {
	// SampleRate is the share of new traces that are kept by the two traceidratio samplers, from 0 (none, the
	// default) to 1 (all).
	SampleRate float64 `koanf:"/sample_rate" otel:"TRACES_SAMPLER_ARG" range:"0..1" hot:"true" format:"rate" doc:"share of new traces to keep, 0 to 1"`
	// Sampler is one of the names of [Samplers]; empty means parentbased_traceidratio.
	Sampler string `koanf:"sampler" otel:"TRACES_SAMPLER" hot:"true" format:"sampler" enum:"parentbased_traceidratio,parentbased_always_on,parentbased_always_off,traceidratio,always_on,always_off" doc:"who decides: the parent, the ratio of sample_rate, always or never"`
	// Dropped selects what happens to a span that is not kept: "drop" (also when empty) or "record", with which span
	// processors receive it, but exporters do not.
	Dropped string `koanf:"dropped" hot:"true" enum:"drop,record" doc:"record: span processors see what is not kept"`
	// RemoteParent is "respect" (also when empty) or "ignore", which is for services with untrusted callers. With
	// "ignore", neither the sampled flag nor the trace id of a remote parent decides. The span stays in the caller's
	// trace, and is kept with the probability of a root span. Local children follow their local parent, also with
	// traceidratio, because their trace id is the caller's. always_on and always_off are not affected.
	RemoteParent string `koanf:"remote_parent" hot:"true" enum:"respect,ignore" doc:"ignore: neither the flag nor the trace id of a caller decides; for services at the edge"`
	// MaxTracesPerSecond bounds the new traces that are kept; those that a parent keeps do not count. 0 means no bound.
	// Fractions are allowed: 0.1 is one trace in ten seconds. Up to a second's traces may be kept at once.
	MaxTracesPerSecond float64 `koanf:"max_traces_per_second" range:"0.." hot:"true" doc:"bound of new traces that are kept; 0: none"`
	// Keep selects further local traces when they end. It has an effect with the tracer provider of spanroute only.
	Keep Keep `koanf:"keep"`
	// Hold bounds the memory that Keep needs.
	Hold Hold `koanf:"hold"`
}

// The values of Config.Sampler, Config.Dropped and Config.RemoteParent.
const (
	ParentBasedTraceIDRatio = "parentbased_traceidratio"
	ParentBasedAlwaysOn     = "parentbased_always_on"
	ParentBasedAlwaysOff    = "parentbased_always_off"
	TraceIDRatio            = "traceidratio"
	AlwaysOn                = "always_on"
	AlwaysOff               = "always_off"

	Drop   = "drop"
	Record = "record"

	Respect = "respect"
	Ignore  = "ignore"
)

// Samplers returns the values of Config.Sampler.
func Samplers() []string {
	return []string{
		ParentBasedTraceIDRatio, ParentBasedAlwaysOn, ParentBasedAlwaysOff,
		TraceIDRatio, AlwaysOn, AlwaysOff,
	}
}

// New returns an immutable sampler for c. It returns an error for a name that is not in [Samplers], a rate that is not
// from 0 to 1, and an unknown value of Dropped or RemoteParent.
func New(c Config) (sdktrace.Sampler, error) {
	if !(c.SampleRate >= 0 && c.SampleRate <= 1) {
		return nil, fmt.Errorf("sample_rate: %v is out of range, want 0 to 1", c.SampleRate)
	}
	if !(c.MaxTracesPerSecond >= 0) {
		return nil, fmt.Errorf("sampling.max_traces_per_second: %v is out of range, want at least 0", c.MaxTracesPerSecond)
	}
	if !(c.Keep.MaxTracesPerSecond >= 0) {
		return nil, fmt.Errorf("sampling.keep.max_traces_per_second: %v is out of range, want at least 0", c.Keep.MaxTracesPerSecond)
	}
	s := &sampler{
		name: c.Sampler, keepBelow: bound(c.SampleRate), rate: c.SampleRate,
		limit: tokens.New(c.MaxTracesPerSecond, nil, now()), keeper: newKeeper(c.Keep), counts: new(counts),
	}
	if s.name == "" {
		s.name = ParentBasedTraceIDRatio
	}
	var root string
	root, s.parentBased = strings.CutPrefix(s.name, "parentbased_")
	s.followLocal = s.parentBased
	switch root {
	case TraceIDRatio:
	case AlwaysOn:
		s.rate, s.keepBelow = 1, bound(1)
	case AlwaysOff:
		s.rate, s.keepBelow = 0, bound(0)
	default:
		return nil, fmt.Errorf("sampling.sampler: %q is unknown, want one of %s", c.Sampler, strings.Join(Samplers(), ", "))
	}
	switch c.Dropped {
	case "", Drop:
	case Record:
		s.record = true
	default:
		return nil, fmt.Errorf("sampling.dropped: %q is unknown, want %s or %s", c.Dropped, Drop, Record)
	}
	switch c.RemoteParent {
	case "", Respect:
	case Ignore:
		s.ignoreRemote = true
		s.followLocal = s.parentBased || root == TraceIDRatio
	default:
		return nil, fmt.Errorf("sampling.remote_parent: %q is unknown, want %s or %s", c.RemoteParent, Respect, Ignore)
	}
	return s, nil
}

// Ratio returns a sampler that keeps the given share of traces and ignores parents. NaN and negative rates count as 0,
// rates above 1 as 1, on every architecture.
func Ratio(rate float64) sdktrace.Sampler {
	switch {
	case !(rate > 0): // NaN too
		rate = 0
	case rate > 1:
		rate = 1
	}
	return &sampler{name: TraceIDRatio, rate: rate, keepBelow: bound(rate)}
}

// bound returns the smallest 63-bit number that is not kept at rate. The formula is that of TraceIDRatioBased in SDK
// v1.47.0 and agrees with the Python SDK. It is repeated here because the specification encourages SDKs to replace it,
// and services with different SDKs must agree about a trace.
func bound(rate float64) uint64 {
	if rate >= 1 {
		return math.MaxUint64
	}
	return uint64(rate * (1 << 63))
}

// sampler implements all six samplers.
type sampler struct {
	name         string
	rate         float64
	keepBelow    uint64
	parentBased  bool // the parent decides, if the span has one
	followLocal  bool // a local parent decides
	ignoreRemote bool // a remote parent does not decide, nor does its trace id
	record       bool // spans that are not kept are recorded

	limit  *tokens.Bucket // of new traces; nil: no bound
	keeper *keeper        // nil: the start decides
	counts *counts
}

// ShouldSample decides by exclusion, parent and ratio, in this order. The result has the parent's tracestate. A tracer
// provider that does not know [undecided.Sampler] keeps nothing at the end.
func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return s.atStart(trace.SpanContextFromContext(p.ParentContext), p)
}

// Decide is ShouldSample for a span below parent, which need not be in the context of p. It leaves local traces that are
// not kept to the keeper.
func (s *sampler) Decide(
	parent trace.SpanContext, p sdktrace.SamplingParameters,
) (sdktrace.SamplingResult, undecided.Trace) {
	result := s.atStart(parent, p)
	if s.keeper == nil || result.Decision == sdktrace.RecordAndSample || isLocal(parent) || excluded(p.ParentContext, parent) {
		return result, nil
	}
	result.Decision = sdktrace.RecordOnly
	return result, s.keeper
}

func (s *sampler) atStart(parent trace.SpanContext, p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := sdktrace.SamplingResult{Tracestate: parent.TraceState()}
	switch {
	case excluded(p.ParentContext, parent):
		result.Decision = sdktrace.Drop
	case s.keeps(parent, p.TraceID):
		result.Decision = sdktrace.RecordAndSample
	case s.record:
		result.Decision = sdktrace.RecordOnly
	default:
		result.Decision = sdktrace.Drop
	}
	return result
}

func (s *sampler) keeps(parent trace.SpanContext, id trace.TraceID) bool {
	chosen := binary.BigEndian.Uint64(id[8:])
	switch {
	case !parent.IsValid():
	case parent.IsRemote() && s.ignoreRemote:
		chosen = rand.Uint64() // the caller may have chosen the id
	case parent.IsRemote() && s.parentBased, !parent.IsRemote() && s.followLocal:
		return parent.IsSampled()
	}
	if chosen>>1 >= s.keepBelow {
		return false
	}
	if s.limit == nil || isLocal(parent) || s.limit.Take(now()) {
		return true
	}
	s.counts.limited.Add(1)
	return false
}

// excluded reports whether parent belongs to an excluded request.
func excluded(ctx context.Context, parent trace.SpanContext) bool {
	if !parent.IsValid() {
		return false
	}
	id, ok := suppress.TraceID(ctx)
	return ok && id == parent.TraceID()
}

func isLocal(parent trace.SpanContext) bool { return parent.IsValid() && !parent.IsRemote() }

// Description names the sampler, its rate, and what differs from the defaults.
func (s *sampler) Description() string {
	more := ""
	if s.ignoreRemote {
		more = ",remote_parent=ignore"
	}
	if s.record {
		more += ",dropped=record"
	}
	if k := s.keeper; k != nil {
		more += fmt.Sprintf(",keep_errors=%t,keep_slower_than=%v", k.Errors, k.SlowerThan)
	}
	return fmt.Sprintf("spanroute{%s,rate=%g%s}", s.name, s.rate, more)
}

// countedBy returns a copy of s that counts in c. Both have the same buckets.
func (s *sampler) countedBy(c *counts) *sampler {
	counted := *s
	counted.counts = c
	if s.keeper != nil {
		keeper := *s.keeper
		keeper.counts, counted.keeper = c, &keeper
	}
	return &counted
}
