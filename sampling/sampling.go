package sampling

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/internal/undecided"
)

// Config is the sampling configuration of an operator. The zero value samples nothing.
type Config struct {
	// SampleRate is the share of new traces that are kept by the two traceidratio samplers, from 0 (none, the
	// default) to 1 (all).
	SampleRate float64 `koanf:"/sample_rate" otel:"TRACES_SAMPLER_ARG" range:"0..1" hot:"true" format:"rate" doc:"share of new traces to keep, 0 to 1"`
	// Sampler is one of the names of [Samplers]; empty means parentbased_traceidratio.
	Sampler string `koanf:"sampler" otel:"TRACES_SAMPLER" hot:"true" format:"sampler" enum:"parentbased_traceidratio,parentbased_always_on,parentbased_always_off,parentbased_jaeger_remote,traceidratio,always_on,always_off,jaeger_remote" doc:"who decides: the parent, the ratio of sample_rate, always, never, or a sampling server"`
	// Dropped selects what happens to a span that is not kept: "drop" (also when empty) or "record", with which span
	// processors receive it, but exporters do not.
	Dropped string `koanf:"dropped" hot:"true" enum:"drop,record" doc:"record: span processors see what is not kept"`
	// RemoteParent is "respect" (also when empty) or "ignore", which is for services with untrusted callers. With
	// "ignore", neither the sampled flag nor the trace id of a remote parent decides. The span stays in the caller's
	// trace, and is kept with the probability of a root span. Local children follow their local parent, also with
	// traceidratio, because their trace id is the caller's. always_on and always_off are not affected.
	RemoteParent string `koanf:"remote_parent" hot:"true" enum:"respect,ignore" doc:"ignore: neither the flag nor the trace id of a caller decides; for services at the edge"`
	// Consistent selects the consistent probability sampling of OpenTelemetry for rates: which traces a rate keeps, and the
	// threshold in the tracestate of a new trace, by which a backend restores counts.
	Consistent bool `koanf:"consistent" hot:"true" doc:"true: rates decide by OpenTelemetry's consistent probability, and new traces carry their threshold (tracestate ot=th)"`
	// Remote is sampling.remote.*, for the two jaeger_remote samplers.
	Remote Remote `koanf:"remote"`
	// MaxTracesPerSecond bounds the new traces that rules and rate keep; those that a parent, Force or Keep keeps do not
	// count. 0 means no bound. Fractions are allowed: 0.1 is one trace in ten seconds. Up to a second's traces may be kept
	// at once.
	MaxTracesPerSecond float64 `koanf:"max_traces_per_second" range:"0.." hot:"true" doc:"bound of new traces that are kept; 0: none"`
	// Force keeps the traces of requests that ask for it.
	Force Force `koanf:"force"`
	// Rules decide about new traces before SampleRate does. The first rule that matches decides. At most [MaxRules].
	Rules []Rule `koanf:"rules" hot:"true" format:"rules" doc:"rules for new traces, in order; the first that matches decides before sample_rate"`
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
	ParentBasedJaegerRemote = "parentbased_jaeger_remote"
	TraceIDRatio            = "traceidratio"
	AlwaysOn                = "always_on"
	AlwaysOff               = "always_off"
	JaegerRemote            = "jaeger_remote"

	Drop   = "drop"
	Record = "record"

	Respect = "respect"
	Ignore  = "ignore"
)

// Samplers returns the values of Config.Sampler.
func Samplers() []string {
	return []string{
		ParentBasedTraceIDRatio, ParentBasedAlwaysOn, ParentBasedAlwaysOff, ParentBasedJaegerRemote,
		TraceIDRatio, AlwaysOn, AlwaysOff, JaegerRemote,
	}
}

// New returns an immutable sampler for c. It returns an error for a name that is not in [Samplers], a rate that is not
// from 0 to 1, an unknown value of Dropped or RemoteParent, and a sampler that needs a [Strategy].
func New(c Config) (sdktrace.Sampler, error) { return NewRemote(c, nil) }

// NewRemote returns a sampler for c that decides by strategy in place of a rate, if the sampler of c is a jaeger_remote
// sampler. For all others it is [New] and ignores strategy. It returns an error where New does, except for a missing
// strategy.
func NewRemote(c Config, strategy Strategy) (sdktrace.Sampler, error) {
	if !(c.SampleRate >= 0 && c.SampleRate <= 1) {
		return nil, fmt.Errorf("sample_rate: %v is out of range, want 0 to 1", c.SampleRate)
	}
	if !(c.MaxTracesPerSecond >= 0) {
		return nil, fmt.Errorf("sampling.max_traces_per_second: %v is out of range, want at least 0", c.MaxTracesPerSecond)
	}
	if !(c.Keep.MaxTracesPerSecond >= 0) {
		return nil, fmt.Errorf("sampling.keep.max_traces_per_second: %v is out of range, want at least 0", c.Keep.MaxTracesPerSecond)
	}
	counts := new(counts)
	s := &sampler{
		name: c.Sampler, keepBelow: bound(c.SampleRate), rate: c.SampleRate, consistent: c.Consistent,
		limit: newLimit(c.MaxTracesPerSecond, counts), keeper: newKeeper(c.Keep, counts), counts: counts,
	}
	var err error
	if s.force, err = newForce(c.Force); err != nil {
		return nil, err
	}
	if s.rules, err = newRuleset(c.Rules, s.keeper, s.limit); err != nil {
		return nil, err
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
	case JaegerRemote:
		if strategy == nil {
			return nil, fmt.Errorf("sampling.sampler: %s needs a strategy; use NewRemote", s.name)
		}
		s.strategy = strategy
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
		s.followLocal = s.parentBased || root == TraceIDRatio || root == JaegerRemote
	default:
		return nil, fmt.Errorf("sampling.remote_parent: %q is unknown, want %s or %s", c.RemoteParent, Respect, Ignore)
	}
	return s, nil
}

// ReadsRequests reports whether the sampler reads attributes and headers of a request when its span starts.
func (c Config) ReadsRequests() bool { return len(c.Rules) > 0 || c.Force.Header != "" }

// ReadsRoutes reports whether the sampler reads the route of a request when its span starts, or the name of the span.
func (c Config) ReadsRoutes() bool {
	return IsRemote(c.Sampler) || slices.ContainsFunc(c.Rules, func(r Rule) bool { return len(r.Route) > 0 })
}

// KeepsMore reports whether traces can be kept that neither the rate nor a parent selects.
func (c Config) KeepsMore() bool {
	return c.Keep.Any() || c.Force.Header != "" || slices.ContainsFunc(c.Rules, func(r Rule) bool { return !r.Drop })
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

// sampler implements all samplers.
type sampler struct {
	name         string
	strategy     Strategy // decides in place of the rate; nil except for jaeger_remote
	rate         float64
	keepBelow    uint64
	consistent   bool // rates decide by consistent probability
	parentBased  bool // the parent decides, if the span has one
	followLocal  bool // a local parent decides
	ignoreRemote bool // a remote parent does not decide, nor does its trace id
	record       bool // spans that are not kept are recorded

	limit  *limit   // of new traces; nil: no bound
	keeper *keeper  // nil: nothing is kept without being sampled
	rules  *ruleset // nil: none
	force  *force   // nil: off
	counts *counts
}

// ShouldSample is Decide for a tracer provider that decides at the start only.
func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result, local := s.Decide(trace.SpanContextFromContext(p.ParentContext), p)
	if local != nil && result.Decision == sdktrace.RecordOnly && !s.record {
		result.Decision = sdktrace.Drop
	}
	return result
}

// Decide decides by exclusion, request, parent, rules and ratio, in this order, about a span below parent, which need not
// be in the context of p. The result has the parent's tracestate. A local trace that is not sampled is left to the rules
// that are open, and to the keeper.
func (s *sampler) Decide(
	parent trace.SpanContext, p sdktrace.SamplingParameters,
) (result sdktrace.SamplingResult, local undecided.Trace) {
	result.Tracestate = parent.TraceState()
	switch sampled, decided := s.byParent(parent); {
	case excluded(p.ParentContext, parent):
		result.Decision = sdktrace.Drop
	case !isLocal(parent) && s.force.keeps(p):
		s.counts.forced.Add(1)
		result.Decision, result.Attributes = sdktrace.RecordAndSample, forcedReason
	case decided && sampled:
		result.Decision = sdktrace.RecordAndSample
	case decided && isLocal(parent):
		result.Decision = s.unsampled()
	case decided:
		return s.leave(result)
	default:
		if parent.IsValid() && parent.IsRemote() && s.ignoreRemote {
			binary.BigEndian.PutUint64(p.TraceID[8:], rand.Uint64()) // the caller may have chosen the id
		}
		if s.rules != nil && !isLocal(parent) {
			return s.byRules(result, parent, p)
		}
		return s.byRatio(result, parent, p)
	}
	return result, nil
}

// byParent returns the decision of a parent, if it has one.
func (s *sampler) byParent(parent trace.SpanContext) (sampled, decided bool) {
	switch {
	case !parent.IsValid(), parent.IsRemote() && s.ignoreRemote:
		return false, false
	case parent.IsRemote():
		return parent.IsSampled(), s.parentBased
	}
	return parent.IsSampled(), s.followLocal
}

// byRules decides about a new trace.
func (s *sampler) byRules(
	result sdktrace.SamplingResult, parent trace.SpanContext, p sdktrace.SamplingParameters,
) (sdktrace.SamplingResult, undecided.Trace) {
	decides, open := s.rules.start(p)
	switch {
	case decides != nil && decides.take(s.number(p.TraceID, parent), s.limit):
		result.Decision, result.Attributes = sdktrace.RecordAndSample, decides.attributes
		if decides.bucket == nil && s.limit == nil {
			s.weigh(&result, parent, decides.keepBelow)
		}
		return result, nil
	case decides != nil && decides.Drop:
		result.Decision = s.unsampled()
		return result, nil
	case decides != nil:
		return s.leave(result)
	}
	result, kept := s.byRatio(result, parent, p)
	if open == 0 {
		return result, kept
	}
	candidates := s.rules.trace(open)
	if result.Decision == sdktrace.RecordAndSample && candidates.keepsOnly {
		return result, nil
	}
	if result.Decision == sdktrace.Drop {
		result.Decision = sdktrace.RecordOnly
	}
	return result, candidates
}

// byRatio decides about a trace by its id, or by the strategy, and the limit of new traces.
func (s *sampler) byRatio(
	result sdktrace.SamplingResult, parent trace.SpanContext, p sdktrace.SamplingParameters,
) (sdktrace.SamplingResult, undecided.Trace) {
	attrs, chosen := s.chooses(p.TraceID, parent, p.Name)
	switch {
	case !chosen:
	case isLocal(parent), s.limit.take():
		result.Decision = sdktrace.RecordAndSample
		if !parent.IsValid() {
			result.Attributes = attrs
		}
		if s.limit == nil && s.strategy == nil {
			s.weigh(&result, parent, s.keepBelow)
		}
		return result, nil
	}
	if isLocal(parent) {
		result.Decision = s.unsampled()
		return result, nil
	}
	return s.leave(result)
}

// chooses reports whether the strategy, or the rate without one, keeps a trace whose root span has the given name. It
// returns the attributes of the root span.
func (s *sampler) chooses(id trace.TraceID, parent trace.SpanContext, name string) (attrs []attribute.KeyValue, keep bool) {
	if s.strategy != nil {
		return s.strategy.Decide(id, name)
	}
	return nil, s.number(id, parent) < s.keepBelow
}

// leave returns the result for a local root that is not sampled, and leaves it to the keeper.
func (s *sampler) leave(result sdktrace.SamplingResult) (sdktrace.SamplingResult, undecided.Trace) {
	if s.keeper == nil {
		result.Decision = s.unsampled()
		return result, nil
	}
	result.Decision = sdktrace.RecordOnly
	return result, s.keeper
}

// unsampled returns the decision about a span that is not sampled.
func (s *sampler) unsampled() sdktrace.SamplingDecision {
	if s.record {
		return sdktrace.RecordOnly
	}
	return sdktrace.Drop
}

// lastBits returns the number of a trace id that is compared with a bound.
func lastBits(id trace.TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) >> 1 }

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
	if s.consistent {
		more += ",consistent"
	}
	if k := s.keeper; k != nil {
		more += fmt.Sprintf(",keep_errors=%t,keep_slower_than=%v", k.Errors, k.SlowerThan)
	}
	if s.strategy != nil {
		return fmt.Sprintf("spanroute{%s,%s%s}", s.name, s.strategy, more)
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
	if s.limit != nil {
		counted.limit = &limit{s.limit.bucket, c}
	}
	if s.rules != nil {
		counted.rules = &ruleset{rules: s.rules.rules, keeper: counted.keeper, limit: counted.limit}
	}
	return &counted
}
