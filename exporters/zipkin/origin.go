package zipkin

import (
	"strconv"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A node is the address of this process, a part of every localEndpoint. Zero fields are left out.
type node struct {
	IPv4, IPv6 string // canonical text
	Port       uint16
}

// An origin holds what all spans of a resource and scope have in common, as JSON. It does not change.
type origin struct {
	resource *resource.Resource
	scope    instrumentation.Scope

	resourceTags, scopeTags tags
	endpoint                []byte // localEndpoint, with the name of the service
	repair                  spantext.Repair
}

// origins finds the origin of a span. It is safe for concurrent use.
//
// How it works. A program has one resource and few scopes, so what they need is rendered once. The origin of the last span
// is compared first, without a lock. With more than maxOrigins the cache starts again, which bounds its memory.
type origins struct {
	local node
	limit int // maximum code points of a tag
	last  atomic.Pointer[origin]

	mu    sync.Mutex
	known map[originKey]*origin
}

// An originKey identifies an origin. Resources do not change, so the pointer identifies one.
type originKey struct {
	resource *resource.Resource
	scope    instrumentation.Scope
}

const maxOrigins = 256

// of returns the origin of a span.
func (o *origins) of(span sdktrace.ReadOnlySpan) *origin {
	res, scope := span.Resource(), span.InstrumentationScope()
	if last := o.last.Load(); last != nil && last.resource == res && last.scope == scope {
		return last
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	found := o.known[originKey{res, scope}]
	if found == nil {
		if o.known == nil || len(o.known) >= maxOrigins {
			o.known = map[originKey]*origin{}
		}
		found = o.render(res, scope)
		o.known[originKey{res, scope}] = found
	}
	o.last.Store(found)
	return found
}

// render returns the origin of a resource and a scope.
func (o *origins) render(res *resource.Resource, scope instrumentation.Scope) *origin {
	all := &origin{resource: res, scope: scope, scopeTags: scopeTags(scope, o.limit)}
	for iter := res.Iter(); iter.Next(); {
		if kv := iter.Attribute(); kv.Key != spantext.ServiceKey {
			all.resourceTags = append(all.resourceTags, render(kv, o.limit))
		}
	}
	name, fixed := spantext.ServiceName(res)
	b := append([]byte(nil), `,"localEndpoint":{"serviceName":`...)
	b, _ = spantext.AppendQuoted(b, name, 0)
	all.endpoint, all.repair = append(appendNode(b, o.local), '}'), fixed
	return all
}

// appendNode appends the fields of an endpoint after its name.
func appendNode(b []byte, n node) []byte {
	if n.IPv4 != "" {
		b = append(append(append(b, `,"ipv4":"`...), n.IPv4...), '"')
	}
	if n.IPv6 != "" {
		b = append(append(append(b, `,"ipv6":"`...), n.IPv6...), '"')
	}
	if n.Port != 0 {
		b = strconv.AppendUint(append(b, `,"port":`...), uint64(n.Port), 10)
	}
	return b
}

// scopeTags renders the tags of a scope. Name and version have two keys each, the current and the deprecated one, and take
// precedence over attributes of the scope with these keys.
func scopeTags(scope instrumentation.Scope, limit int) (all tags) {
	for _, own := range [...]struct{ key, value string }{
		{"otel.scope.name", scope.Name},
		{"otel.library.name", scope.Name},
		{"otel.scope.version", scope.Version},
		{"otel.library.version", scope.Version},
	} {
		if own.value != "" {
			all = append(all, render(attribute.String(own.key, own.value), 0))
		}
	}
	derived := len(all)
	for iter := scope.Attributes.Iter(); iter.Next(); {
		if kv := iter.Attribute(); !all[:derived].has(kv.Key) {
			all = append(all, render(kv, limit))
		}
	}
	return all
}
