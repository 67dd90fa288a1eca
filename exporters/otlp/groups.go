package otlp

import (
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A head holds the fields of ResourceSpans or ScopeSpans that stand before the spans, in wire format. It does not change.
type head struct {
	bytes []byte
	fixed spantext.Repair // what its texts and values needed
}

// A group is a scope of a resource. Spans of one group share one ScopeSpans message.
type group struct {
	resource *head // shared by all groups of the resource
	scope    head
	fixed    spantext.Repair // of both
}

// groups finds the group of a span. It is safe for concurrent use.
//
// How it works. A program has one resource and few scopes, so their heads are encoded once. The group of the last span is
// compared first, without a lock. Two resources with equal attributes are one, as upstream groups them. A program with
// more than maxGroups groups makes the cache start again, which bounds its memory; spans before and after that are in
// messages of their own.
type groups struct {
	blank writer // with the settings that heads are written with
	last  atomic.Pointer[found]

	mu        sync.Mutex
	all       map[groupKey]*group
	scopes    map[scopeKey]*group
	resources map[attribute.Distinct]*head
}

// A groupKey identifies the group of a span. Resources do not change, so the pointer identifies one.
type groupKey struct {
	resource *resource.Resource
	scope    instrumentation.Scope
}

// A scopeKey identifies a group.
type scopeKey struct {
	resource *head
	scope    instrumentation.Scope
}

type found struct {
	key   groupKey
	group *group
}

const maxGroups = 1024

// of returns the group of a span.
func (g *groups) of(span sdktrace.ReadOnlySpan) *group {
	key := groupKey{span.Resource(), span.InstrumentationScope()}
	if last := g.last.Load(); last != nil && last.key == key {
		return last.group
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	of, ok := g.all[key]
	if !ok {
		of = g.open(key)
		g.all[key] = of
	}
	g.last.Store(&found{key, of})
	return of
}

// open returns the group of a key that is not known. Called with mu held.
func (g *groups) open(key groupKey) *group {
	if g.all == nil || len(g.all) >= maxGroups {
		g.all, g.scopes, g.resources = map[groupKey]*group{}, map[scopeKey]*group{}, map[attribute.Distinct]*head{}
	}
	res, ok := g.resources[key.resource.Equivalent()]
	if !ok {
		res = g.write(func(w *writer) { w.resource(key.resource) })
		g.resources[key.resource.Equivalent()] = res
	}
	of, ok := g.scopes[scopeKey{res, key.scope}]
	if !ok {
		scope := g.write(func(w *writer) { w.scope(key.scope) })
		of = &group{resource: res, scope: *scope, fixed: res.fixed | scope.fixed}
		g.scopes[scopeKey{res, key.scope}] = of
	}
	return of
}

// write returns the head that write appends to an empty writer.
func (g *groups) write(write func(*writer)) *head {
	w := g.blank
	write(&w)
	return &head{w.buf, w.fixed}
}
