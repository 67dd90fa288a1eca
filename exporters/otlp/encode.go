package otlp

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

const floor = 64 << 10 // below this the limit is not halved

// Encoder turns spans into OTLP messages (opentelemetry-proto v1.11.0). It is safe for concurrent use.
//
// The tree is the one upstream's tracetransform builds (otlptrace v1.47.0, the oracle of the tests),
// except for what upstream leaves broken: strings are made valid UTF-8, times the format cannot
// hold are repaired, values are cut, those that nest too deep become text, a missing service name is
// filled in, links keep their tracestate. It is built here and not taken from otlptrace.NewUnstarted,
// because walking that tree again to repair it costs more than making it: messages come from slabs,
// one allocation for many of them.
type Encoder struct {
	limit int // code points of a string value; 0: no limit
	most  int // bytes of a request

	wordsForNonFinite bool // NaN and the infinities become text, counted as a repair
}

// NewEncoder returns an encoder of requests up to most bytes (protobuf); maxTag is
// max_tag_value_length, 0 or less means no limit.
func NewEncoder(most, maxTag int) *Encoder {
	return &Encoder{limit: max(0, maxTag), most: most}
}

// Limits is the most bytes of a payload, and the least it is halved to.
func (e *Encoder) Limits() (most, least int) { return e.most, min(floor, e.most) }

// Encode groups spans by resource and scope, in the order first seen, and packs them into as few
// requests as the limit allows.
func (e *Encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*Payload {
	t := newTree(e, r, len(spans))
	for _, span := range spans {
		if span != nil {
			t.add(span)
		}
	}
	if t.Payload.spans == 0 {
		return nil
	}
	most := e.most
	if l := r.Limit(); l > 0 && l < most {
		most = l
	}
	if t.bound <= most {
		return []*Payload{&t.Payload}
	}
	return pack(&t.Payload, most)
}

// tree is the state of one call of Encode.
type tree struct {
	Payload
	encoder *Encoder
	report  *delivery.Report
	left    int             // spans still to come
	depth   int             // arrays and maps around the value at hand
	bound   int             // the request is not larger than this
	fixed   spantext.Repair // of the span at hand
	groups  map[groupKey]*group
	last    *group

	slabs
}

// groupKey tells scopes of resources apart, as upstream does: a resource is its attributes.
type groupKey struct {
	resource attribute.Distinct
	scope    instrumentation.Scope
}

// group is where the spans of one scope of one resource go.
type group struct {
	of       *resource.Resource
	scope    instrumentation.Scope
	resource *tracepb.ResourceSpans
	spans    *tracepb.ScopeSpans
	common   spantext.Repair // what the resource needed, for the other scopes of it
	fixed    spantext.Repair // what resource and scope needed; counted for each of their spans
}

func newTree(e *Encoder, r *delivery.Report, spans int) *tree {
	return &tree{encoder: e, report: r, left: spans, slabs: slabs{expected: spans}}
}

func (t *tree) add(span sdktrace.ReadOnlySpan) {
	g := t.group(span)
	t.fixed = g.fixed
	g.spans.Spans = append(g.spans.Spans, t.span(span))
	t.Payload.spans++
	t.left--
	if t.fixed&spantext.UTF8 != 0 {
		t.report.Repair(span, delivery.RepairUTF8)
	}
	if t.fixed&spantext.Value != 0 {
		t.report.Repair(span, delivery.RepairValue)
	}
}

func (t *tree) group(span sdktrace.ReadOnlySpan) *group {
	res, scope := span.Resource(), span.InstrumentationScope()
	if t.last != nil && t.last.of == res && t.last.scope == scope {
		return t.last
	}
	key := groupKey{res.Equivalent(), scope}
	g, known := t.groups[key]
	if !known {
		g = t.open(key, res, scope)
	}
	t.last = g
	return g
}

func (t *tree) open(key groupKey, res *resource.Resource, scope instrumentation.Scope) *group {
	g := &group{of: res, scope: scope}
	for known, other := range t.groups {
		if known.resource == key.resource {
			g.resource, g.common = other.resource, other.common
		}
	}
	t.fixed = g.common
	if g.resource == nil {
		g.resource = t.resource(res)
		t.resources = append(t.resources, g.resource)
		g.common = t.fixed
	}
	g.spans = t.scope(scope)
	g.spans.Spans = make([]*tracepb.Span, 0, t.left)
	g.resource.ScopeSpans = append(g.resource.ScopeSpans, g.spans)
	g.fixed = t.fixed
	if t.groups == nil {
		t.groups = make(map[groupKey]*group)
	}
	t.groups[key] = g
	return g
}

// resource is never without a service name: it goes first if the resource has none.
func (t *tree) resource(res *resource.Resource) *tracepb.ResourceSpans {
	t.bound += 4 * framing
	name, fixed := spantext.ServiceName(res)
	t.fixed |= fixed
	attrs := make([]*commonpb.KeyValue, 0, res.Len()+1)
	if v, ok := res.Set().Value(spantext.ServiceKey); !ok || v.AsString() == "" {
		attrs = append(attrs, t.service(name))
	}
	for iter := res.Iter(); iter.Next(); {
		kv := iter.Attribute()
		if kv.Key != spantext.ServiceKey {
			attrs = append(attrs, t.keyValue(&kv))
		} else if kv.Value.AsString() != "" {
			attrs = append(attrs, t.service(name))
		}
	}
	return &tracepb.ResourceSpans{Resource: &resourcepb.Resource{Attributes: attrs}, SchemaUrl: t.text(res.SchemaURL())}
}

// service is the one string value no limit cuts.
func (t *tree) service(name string) *commonpb.KeyValue {
	t.bound += 4*framing + len(spantext.ServiceKey) + len(name)
	return &commonpb.KeyValue{
		Key:   string(spantext.ServiceKey),
		Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: name}},
	}
}

func (t *tree) scope(s instrumentation.Scope) *tracepb.ScopeSpans {
	t.bound += 4 * framing
	ss := &tracepb.ScopeSpans{SchemaUrl: t.text(s.SchemaURL)}
	if s == (instrumentation.Scope{}) {
		return ss
	}
	ss.Scope = &commonpb.InstrumentationScope{Name: t.text(s.Name), Version: t.text(s.Version)}
	for iter := s.Attributes.Iter(); iter.Next(); {
		kv := iter.Attribute()
		ss.Scope.Attributes = append(ss.Scope.Attributes, t.keyValue(&kv))
	}
	return ss
}

// text cleans a string that is no value, and counts its bytes.
func (t *tree) text(s string) string {
	s, fixed := spantext.Clean(s)
	t.fixed |= fixed
	t.bound += len(s) + framing
	return s
}
