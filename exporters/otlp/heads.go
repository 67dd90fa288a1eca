package otlp

import (
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// Fields of ResourceSpans and ScopeSpans, which have the same numbers, and of Resource and InstrumentationScope.
const (
	headField, contentField, schemaField = 1, 2, 3

	resourceAttributes = 1

	scopeName, scopeVersion, scopeAttributes = 1, 2, 3
)

// A head holds the fields of ResourceSpans or ScopeSpans that stand before the spans, in wire format, and what they
// needed. Its bytes do not change.
type head struct {
	bytes []byte
	fixed spantext.Repair
}

// heads caches the heads of resources and scopes, so that a batch pays for them only once. A program has one resource
// and few scopes. Anything else makes the cache start again, which bounds its memory.
type heads struct {
	blank     writer // with the settings that heads are written with
	resources map[*resource.Resource]head
	scopes    map[instrumentation.Scope]head
}

// maxHeads is the maximum count of resources, and of scopes, that the cache holds.
const maxHeads = 64

// newHeads returns an empty cache, which writes heads with the settings of w.
func newHeads(w writer) heads {
	w.buf = nil
	return heads{w, map[*resource.Resource]head{}, map[instrumentation.Scope]head{}}
}

// resource returns the head of a resource, which may be nil. Resources do not change, so the pointer identifies one.
func (h *heads) resource(res *resource.Resource) head {
	return cached(h.resources, res, func() head { return written(h.blank, func(w *writer) { w.resource(res) }) })
}

// scope returns the head of a scope.
func (h *heads) scope(scope instrumentation.Scope) head {
	return cached(h.scopes, scope, func() head { return written(h.blank, func(w *writer) { w.scope(scope) }) })
}

// cached returns the head of key, and creates it if it is not in all.
func cached[K comparable](all map[K]head, key K, create func() head) head {
	h, ok := all[key]
	if ok {
		return h
	}
	if len(all) >= maxHeads {
		clear(all)
	}
	h = create()
	all[key] = h
	return h
}

// written returns the head that write appends to the empty writer w.
func written(w writer, write func(*writer)) head {
	write(&w)
	return head{w.buf, w.fixed}
}

// resource appends the resource and its schema URL. A resource without a service name gets one, as its first
// attribute.
func (w *writer) resource(res *resource.Resource) {
	name, fixed := spantext.ServiceName(res)
	w.fixed |= fixed
	start := w.begin(headField)
	if v, ok := res.Set().Value(spantext.ServiceKey); !ok || v.AsString() == "" {
		w.service(name)
	}
	for iter := res.Iter(); iter.Next(); {
		kv := iter.Attribute()
		if kv.Key != spantext.ServiceKey {
			w.keyValue(resourceAttributes, kv.Key, &kv.Value)
		} else if kv.Value.AsString() != "" {
			w.service(name)
		}
	}
	w.end(start)
	w.text(schemaField, res.SchemaURL())
}

// service appends the service name, which is the one string value that the limit does not cut. Backends group traces by
// it: two services whose names begin alike would become one.
func (w *writer) service(name string) {
	pair := w.begin(resourceAttributes)
	w.string(keyField, string(spantext.ServiceKey))
	value := w.begin(valueField)
	w.string(stringField, name)
	w.end(value)
	w.end(pair)
}

// scope appends the scope and its schema URL. The zero scope has no message, as upstream encodes it.
func (w *writer) scope(s instrumentation.Scope) {
	if s != (instrumentation.Scope{}) {
		start := w.begin(headField)
		w.text(scopeName, s.Name)
		w.text(scopeVersion, s.Version)
		for iter := s.Attributes.Iter(); iter.Next(); {
			kv := iter.Attribute()
			w.keyValue(scopeAttributes, kv.Key, &kv.Value)
		}
		w.end(start)
	}
	w.text(schemaField, s.SchemaURL)
}
