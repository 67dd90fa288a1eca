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
