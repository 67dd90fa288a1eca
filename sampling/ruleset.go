package sampling

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/glob"
	"github.com/spanroute/spanroute/internal/requestheader"
	"github.com/spanroute/spanroute/internal/tokens"
	"github.com/spanroute/spanroute/internal/undecided"
)

// MaxRules is the maximum number of rules.
const MaxRules = 64

// RuleKey is the attribute of a local root that a rule kept: the name of the rule.
const RuleKey = attribute.Key("spanroute.sampling.rule")

// A ruleset holds the compiled rules of a sampler.
//
// How it works. At the start of a local root, start compares each rule with what is known. A rule does not match, matches,
// or is open, if it has fields that are known later only. If the first rule that is not excluded matches, it decides.
// Otherwise the rules that are left, as a set of bits, become an undecided trace, which compares them again when a span
// ends. There is one such trace for each set of bits, because few sets occur, so that a decision costs no allocation.
// Callers that send many sets, by the headers that they choose, make it allocate.
type ruleset struct {
	rules  []*rule
	keeper *keeper // may be nil
	limit  *limit
	traces sync.Map // uint64 to *candidates, at most about maxSets
	sets   atomic.Int64
}

// maxSets bounds the memory for sets of rules that occurred.
const maxSets = 256

// A rule is a compiled Rule.
type rule struct {
	Rule
	bit           uint64
	keepBelow     uint64
	bucket        *tokens.Bucket       // nil: no limit
	attributes    []attribute.KeyValue // the rule's name
	kept, limited *atomic.Uint64
}

// newRuleset returns nil for no rules. All that the rules keep together is bounded by l.
func newRuleset(rules []Rule, k *keeper, l *limit) (*ruleset, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	if len(rules) > MaxRules {
		return nil, fmt.Errorf("sampling.rules: %d rules are out of range, want at most %d", len(rules), MaxRules)
	}
	s := &ruleset{keeper: k, limit: l}
	for i, r := range rules {
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule-%d", i+1)
		}
		if err := r.Validate(); err != nil {
			return nil, fmt.Errorf("sampling.rules: %s: %w", r.Name, err)
		}
		if rate := r.rate(); !(rate >= 0 && rate <= 1) {
			return nil, fmt.Errorf("sampling.rules: %s: rate: %v is out of range, want 0 to 1", r.Name, rate)
		}
		s.rules = append(s.rules, &rule{
			Rule: r, bit: 1 << i, keepBelow: bound(r.rate()), bucket: tokens.New(r.Limit, nil, now()),
			attributes: []attribute.KeyValue{RuleKey.String(r.Name)}, kept: new(atomic.Uint64), limited: new(atomic.Uint64),
		})
	}
	return s, nil
}

// start returns the rule that decides about a new local root, or the set of those that may decide later.
func (s *ruleset) start(p sdktrace.SamplingParameters) (decides *rule, open uint64) {
	for _, r := range s.rules {
		switch r.atStart(p) {
		case no:
			continue
		case yes:
			if open == 0 {
				return r, 0
			}
			return nil, open | r.bit
		}
		open |= r.bit
	}
	return nil, open
}

// trace returns the undecided trace of a set of rules.
func (s *ruleset) trace(open uint64) *candidates {
	if known, ok := s.traces.Load(open); ok {
		return known.(*candidates)
	}
	c := &candidates{keeper: s.keeper, limit: s.limit, keepsOnly: true}
	for _, r := range s.rules {
		if open&r.bit == 0 {
			continue
		}
		c.rules = append(c.rules, r)
		c.reads = c.reads || r.readsContent()
		c.keepsOnly = c.keepsOnly && r.rate() == 1 && r.bucket == nil
	}
	if s.sets.Load() < maxSets {
		if _, known := s.traces.LoadOrStore(open, c); !known {
			s.sets.Add(1)
		}
	}
	return c
}

// take reports whether the rule keeps a trace whose id has the given last bits, within its limit and that of all new
// traces, which is nil for a trace that was counted at its start.
func (r *rule) take(id uint64, all *limit) bool {
	if id >= r.keepBelow {
		return false
	}
	if r.bucket != nil && !r.bucket.Take(now()) {
		r.limited.Add(1)
		return false
	}
	if !all.take() {
		return false
	}
	r.kept.Add(1)
	return true
}

// candidates are the rules that may decide about a local trace when its spans end.
type candidates struct {
	rules     []*rule
	keeper    *keeper // may be nil
	limit     *limit
	reads     bool
	keepsOnly bool // no rule can drop
}

// EndSpan asks the keeper, then the rules. Those without Span are about the root.
func (c *candidates) EndSpan(span sdktrace.ReadOnlySpan, root bool) (undecided.Verdict, undecided.Reason) {
	if c.keeper != nil {
		if verdict, reason := c.keeper.EndSpan(span, root); verdict != undecided.Open {
			return verdict, reason
		}
	}
	for _, r := range c.rules {
		if !root && len(r.Span) == 0 || !r.atEnd(span) {
			continue
		}
		id := lastBits(span.SpanContext().TraceID())
		if span.Parent().IsRemote() {
			id = rand.Uint64() >> 1 // the caller may have chosen the id
		}
		all := c.limit
		if span.SpanContext().IsSampled() {
			all = nil
		}
		if r.take(id, all) {
			return undecided.Keep, r.attributes[0]
		}
		return undecided.Drop, undecided.Reason{}
	}
	return undecided.Open, undecided.Reason{}
}

// Expire asks the keeper.
func (c *candidates) Expire(age time.Duration) (undecided.Verdict, undecided.Reason) {
	if c.keeper == nil {
		return undecided.Open, undecided.Reason{}
	}
	return c.keeper.Expire(age)
}

// ReadsContent reports whether a rule reads more than the status and the times.
func (c *candidates) ReadsContent() bool { return c.reads }

// A match is the result of comparing a rule with a span.
type match int

const (
	no match = iota
	yes
	later // a field is not known yet
)

// atStart compares the rule with a local root that starts.
func (r *rule) atStart(p sdktrace.SamplingParameters) match {
	if len(r.Span) > 0 {
		return r.header(p.ParentContext) // the other fields are about the span that ends
	}
	get := func(key attribute.Key) (string, bool) { return valueOf(p.Attributes, key) }
	if !r.kind(p.Kind) || !r.request(get) || r.header(p.ParentContext) == no {
		return no
	}
	result := yes
	if r.Status != "" || r.SlowerThan > 0 {
		result = later
	}
	if len(r.Route) > 0 {
		route, known := get("http.route")
		switch {
		case !known:
			result = later
		case !anyGlob(r.Route, route):
			return no
		}
	}
	for name, pattern := range r.Attributes {
		value, known := get(attribute.Key(name))
		switch {
		case !known:
			result = later
		case !glob.Match(pattern, value):
			return no
		}
	}
	return result
}

// header compares the request headers of a root. A rule with Span and without Header is open.
func (r *rule) header(ctx context.Context) match {
	for name, pattern := range r.Header {
		if !slices.ContainsFunc(requestheader.Values(ctx, strings.ToLower(name)), func(value string) bool { return glob.Match(pattern, value) }) {
			return no
		}
	}
	return later
}

// atEnd compares the rule with a span that ended. Headers were compared at the start.
func (r *rule) atEnd(span sdktrace.ReadOnlySpan) bool {
	get := func(key attribute.Key) (string, bool) { return valueOf(span.Attributes(), key) }
	if len(r.Span) > 0 && !anyGlob(r.Span, span.Name()) || !r.kind(span.SpanKind()) || !r.request(get) {
		return false
	}
	if r.Status != "" && r.Status != statusNames[span.Status().Code] || r.SlowerThan > 0 && span.EndTime().Sub(span.StartTime()) <= r.SlowerThan {
		return false
	}
	if len(r.Route) > 0 && !matchesAny(get, r.Route, "http.route") {
		return false
	}
	for name, pattern := range r.Attributes {
		if value, known := get(attribute.Key(name)); !known || !glob.Match(pattern, value) {
			return false
		}
	}
	return true
}

// request compares the fields that name a request.
func (r *rule) request(get func(attribute.Key) (string, bool)) bool {
	if len(r.Path) > 0 && !matchesAny(get, r.Path, "url.path") || len(r.Method) > 0 && !matchesAny(get, r.Method, "http.request.method") {
		return false
	}
	if len(r.RPC) == 0 {
		return true
	}
	method, known := get("rpc.method_original")
	if !known {
		method, known = get("rpc.method")
	}
	return known && anyGlob(r.RPC, "/"+method)
}

func (r *rule) kind(kind trace.SpanKind) bool {
	return len(r.Kind) == 0 || slices.Contains(r.Kind, kind.String())
}

func (r *rule) readsContent() bool {
	return len(r.Path)+len(r.Route)+len(r.Method)+len(r.RPC)+len(r.Span)+len(r.Attributes) > 0
}

var statusNames = []string{"unset", "error", "ok"} // by codes.Code

func matchesAny(get func(attribute.Key) (string, bool), globs []string, key attribute.Key) bool {
	value, known := get(key)
	return known && anyGlob(globs, value)
}

func anyGlob(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(pattern string) bool { return glob.Match(pattern, text) })
}

// valueOf returns the text of an attribute.
func valueOf(list []attribute.KeyValue, key attribute.Key) (string, bool) {
	for i := range list {
		if list[i].Key == key {
			return list[i].Value.String(), true
		}
	}
	return "", false
}
