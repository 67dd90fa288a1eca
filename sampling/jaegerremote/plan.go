package jaegerremote

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxNameLength is the maximum length of the name of an operation that gets buckets of its own without being listed.
const maxNameLength = 1024

// A plan holds the rules of one strategy. Only its buckets and the table of observed operations change. It is safe for
// concurrent use.
//
// # How it works
//
// A strategy without operations is one rule, other. A strategy with operations is compiled to one rule per operation,
// each with buckets if the strategy has a lower or an upper bound. The bounds apply to operations that it does not list,
// too. Since names of spans are not trusted to be few, only the first of those get buckets of their own, in the table
// observed; the rest share the buckets of other. All operations have their own probability or the default.
//
// A poll replaces the plan, also if the response did not change. The buckets of the new plan start at the level of the
// old ones. An observed operation whose buckets are full again is left out: it would be added with full buckets anyway.
// So the table holds the operations of the last intervals, and names that do not return give way to others.
type plan struct {
	strategy strategy
	other    *rule            // of operations without a rule of their own, which share its buckets
	listed   map[string]*rule // of the operations of the strategy
	observed observedRules    // of other operations, as they occur
}

// observedRules is a table of the rules of operations that a strategy does not list. It is copied for each new
// operation, so that reading it takes no lock.
type observedRules struct {
	template     *rule   // the default, without buckets
	lower, upper float64 // the rates of the buckets
	capacity     int
	table        atomic.Pointer[map[string]*rule] // nil while empty
	lock         sync.Mutex                       // held while table is replaced
}

// newPlan compiles s. At most maxOperations operations get buckets of their own. The buckets have the levels of those of
// previous, which may be nil, if it has a strategy of the same kind.
func newPlan(s strategy, maxOperations int, previous *plan, now time.Duration) *plan {
	if previous == nil || previous.strategy.kind != s.kind {
		previous = &plan{other: new(rule)}
	}
	switch s.kind {
	case probabilistic:
		return &plan{strategy: s, other: newProbability(s.rate)}
	case rateLimiting:
		return &plan{strategy: s, other: newRateLimit(s.perSecond, previous.other.upper, now)}
	}
	p := &plan{strategy: s, other: newProbability(s.rate).withBounds(s.lower, s.upper, previous.other, now)}
	p.listOperations(maxOperations, previous, now)
	p.observed.template, p.observed.lower, p.observed.upper = newProbability(s.rate), s.lower, s.upper
	if s.lower > 0 || s.upper > 0 {
		p.observed.capacity = max(0, maxOperations-len(p.listed))
		p.carryOver(previous, now)
	}
	return p
}

// listOperations fills p.listed. Operations above the maximum have their own probability and share buckets.
func (p *plan) listOperations(maxOperations int, previous *plan, now time.Duration) {
	p.listed = make(map[string]*rule, len(p.strategy.operations))
	for i, o := range p.strategy.operations {
		r := newProbability(o.Rate)
		if i < maxOperations {
			r = r.withBounds(p.strategy.lower, p.strategy.upper, previous.known(o.Operation), now)
		} else {
			r.lower, r.upper = p.other.lower, p.other.upper
		}
		p.listed[o.Operation] = r
	}
}

// carryOver copies the rules of previous that are not listed any more, or were not before, if their buckets are in use.
func (p *plan) carryOver(previous *plan, now time.Duration) {
	table := map[string]*rule{}
	for _, rules := range []map[string]*rule{previous.observed.load(), previous.listed} {
		for name, r := range rules {
			if p.listed[name] == nil && !r.isFresh(now) && len(name) <= maxNameLength && len(table) < p.observed.capacity {
				table[name] = p.observed.newRule(r, now)
			}
		}
	}
	p.observed.table.Store(&table)
}

// known returns the rule of the operation name, nil if it has none of its own.
func (p *plan) known(name string) *rule {
	if r := p.listed[name]; r != nil {
		return r
	}
	return p.observed.load()[name]
}

// rule returns the rule that decides about root spans with the name operation.
func (p *plan) rule(operation string) *rule {
	if r := p.known(operation); r != nil {
		return r
	}
	if r := p.observed.add(operation); r != nil {
		return r
	}
	return p.other
}

func (o *observedRules) load() map[string]*rule {
	if table := o.table.Load(); table != nil {
		return *table
	}
	return nil
}

// add returns the rule of name and adds it first if necessary. It returns nil if the table is full or the name too long.
func (o *observedRules) add(name string) *rule {
	if len(name) > maxNameLength || len(o.load()) >= o.capacity {
		return nil
	}
	o.lock.Lock()
	defer o.lock.Unlock()
	table := o.load()
	if r := table[name]; r != nil || len(table) >= o.capacity {
		return r
	}
	grown := make(map[string]*rule, len(table)+1)
	maps.Copy(grown, table)
	r := o.newRule(nil, 0)
	grown[strings.Clone(name)] = r
	o.table.Store(&grown)
	return r
}

func (o *observedRules) newRule(old *rule, now time.Duration) *rule {
	return o.template.withBounds(o.lower, o.upper, old, now)
}
