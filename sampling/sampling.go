package sampling

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
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
	// Remote is sampling.remote.*, for the two jaeger_remote samplers.
	Remote Remote `koanf:"remote"`
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
	s := sampler{name: c.Sampler, keepBelow: bound(c.SampleRate), rate: c.SampleRate}
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

// Ratio returns a sampler that keeps the given share of traces and ignores parents. NaN and negative rates count as 0,
// rates above 1 as 1, on every architecture.
func Ratio(rate float64) sdktrace.Sampler {
	switch {
	case !(rate > 0): // NaN too
		rate = 0
	case rate > 1:
		rate = 1
	}
	return sampler{name: TraceIDRatio, rate: rate, keepBelow: bound(rate)}
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
	parentBased  bool // the parent decides, if the span has one
	followLocal  bool // a local parent decides
	ignoreRemote bool // a remote parent does not decide, nor does its trace id
	record       bool // spans that are not kept are recorded
}

// ShouldSample decides by exclusion, parent and ratio, in this order. The result has the parent's tracestate.
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return s.ShouldSampleBelow(trace.SpanContextFromContext(p.ParentContext), p)
}

// ShouldSampleBelow is ShouldSample for a span below parent, which need not be in the context of p.
func (s sampler) ShouldSampleBelow(parent trace.SpanContext, p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := sdktrace.SamplingResult{Tracestate: parent.TraceState()}
	if parent.IsValid() && excluded(p.ParentContext, parent.TraceID()) {
		return result
	}
	attrs, keep := s.keeps(parent, p.TraceID, p.Name)
	switch {
	case keep:
		result.Decision, result.Attributes = sdktrace.RecordAndSample, attrs
	case s.record:
		result.Decision = sdktrace.RecordOnly
	default:
		result.Decision = sdktrace.Drop
	}
	return result
}

// keeps reports whether a span with the given name below parent is kept, and returns the attributes of a root span.
func (s sampler) keeps(parent trace.SpanContext, id trace.TraceID, name string) (attrs []attribute.KeyValue, keep bool) {
	switch {
	case !parent.IsValid():
	case parent.IsRemote() && s.ignoreRemote:
		binary.BigEndian.PutUint64(id[8:], rand.Uint64()) // the caller may have chosen the id
	case parent.IsRemote() && s.parentBased, !parent.IsRemote() && s.followLocal:
		return nil, parent.IsSampled()
	}
	if s.strategy == nil {
		return nil, binary.BigEndian.Uint64(id[8:])>>1 < s.keepBelow
	}
	attrs, keep = s.strategy.Decide(id, name)
	if parent.IsValid() {
		attrs = nil
	}
	return attrs, keep
}

func excluded(ctx context.Context, parent trace.TraceID) bool {
	id, ok := suppress.TraceID(ctx)
	return ok && id == parent
}

// Description names the sampler, its rate, and what differs from the defaults.
func (s sampler) Description() string {
	more := ""
	if s.ignoreRemote {
		more = ",remote_parent=ignore"
	}
	if s.record {
		more += ",dropped=record"
	}
	if s.strategy != nil {
		return fmt.Sprintf("spanroute{%s,%s%s}", s.name, s.strategy, more)
	}
	return fmt.Sprintf("spanroute{%s,rate=%g%s}", s.name, s.rate, more)
}
