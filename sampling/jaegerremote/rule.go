package jaegerremote

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/tokens"
)

// The attributes of kept root spans that Jaeger's adaptive strategy reads.
const (
	samplerType  = attribute.Key("sampler.type")
	samplerParam = attribute.Key("sampler.param")
)

// A rule decides about the root spans of one operation. Only its buckets change.
type rule struct {
	keepBelow uint64         // the smallest 63-bit number that is not kept
	upper     *tokens.Bucket // limits all that is kept; nil without a limit
	lower     *tokens.Bucket // keeps traces that the trace id does not keep; nil without a minimum

	kept      []attribute.KeyValue // of traces that the trace id keeps
	keptBelow []attribute.KeyValue // of traces that the lower bound keeps
}

// newProbability returns a rule that keeps the share rate of traces.
func newProbability(rate float64) *rule {
	return &rule{
		keepBelow: keepBelow(rate),
		kept:      attributes(probabilistic, rate),
		keptBelow: attributes(lowerBound, rate),
	}
}

// newRateLimit returns a rule that keeps perSecond traces per second. It has the level of the bucket old.
func newRateLimit(perSecond float64, old *tokens.Bucket, now time.Duration) *rule {
	r := &rule{upper: tokens.New(perSecond, old, now), kept: attributes(rateLimiting, perSecond)}
	if r.upper != nil {
		r.keepBelow = keepBelow(1)
	}
	return r
}

// withBounds returns a rule for the same rate with buckets of its own, which have the levels of those of old. old may be
// nil.
func (r *rule) withBounds(lower, upper float64, old *rule, now time.Duration) *rule {
	if old == nil {
		old = new(rule)
	}
	bounded := *r
	bounded.lower = tokens.New(lower, old.lower, now)
	bounded.upper = tokens.New(upper, old.upper, now)
	return &bounded
}

// decide reports whether the trace id is kept, and returns the attributes of its root span, which must not be changed.
// It reads the time since start only if the rule has a bucket.
func (r *rule) decide(id trace.TraceID, start time.Time) (attrs []attribute.KeyValue, keep bool) {
	chosen := binary.BigEndian.Uint64(id[8:])>>1 < r.keepBelow
	if r.lower == nil && (r.upper == nil || !chosen) {
		return r.kept, chosen
	}
	now := time.Since(start)
	if chosen {
		if r.upper != nil && !r.upper.Take(now) {
			return nil, false
		}
		if r.lower != nil {
			r.lower.Take(now) // the minimum counts all traces
		}
		return r.kept, true
	}
	return r.keptBelow, r.lower.Take(now) && (r.upper == nil || r.upper.Take(now))
}

// isFresh reports whether r differs from a new rule: all its buckets are full.
func (r *rule) isFresh(now time.Duration) bool { return r.lower.IsFull(now) && r.upper.IsFull(now) }

// keepBelow returns the smallest 63-bit number that is not kept at rate. The formula is that of sampling.Ratio, so that
// a server and a file with one rate keep the same traces.
func keepBelow(rate float64) uint64 {
	if rate >= 1 {
		return math.MaxUint64
	}
	return uint64(rate * (1 << 63))
}

func attributes(t kind, param float64) []attribute.KeyValue {
	return []attribute.KeyValue{samplerType.String(string(t)), samplerParam.Float64(param)}
}
