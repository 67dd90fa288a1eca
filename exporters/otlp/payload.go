package otlp

import (
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A Payload is the content of one export request. It is never changed; payloads may share messages.
type Payload struct {
	resources []*tracepb.ResourceSpans
	spans     int
}

// Spans is the number of spans in the request.
func (p *Payload) Spans() int { return p.spans }

// Size is the length of the request in protobuf, bytes; http/json needs two to three times that.
// It is computed for each call.
func (p *Payload) Size() int { return proto.Size(p.request()) }

func (p *Payload) request() *coltracepb.ExportTraceServiceRequest {
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: p.resources}
}

// Split deals the spans of p out to two payloads, in order, resource and scope repeated in each;
// false for a single span. Nothing is encoded or copied.
func (e *Encoder) Split(p *Payload) (a, b *Payload, ok bool) {
	half := p.spans / 2
	if half == 0 {
		return nil, nil, false
	}
	first, second := new(packer), new(packer)
	n := 0
	for _, rs := range p.resources {
		for _, ss := range rs.ScopeSpans {
			for _, span := range ss.Spans {
				if n < half {
					first.put(rs, ss, span)
				} else {
					second.put(rs, ss, span)
				}
				n++
			}
		}
	}
	return first.payload(), second.payload(), true
}

// packer fills one payload from the messages of others.
type packer struct {
	Payload
	resource *tracepb.ResourceSpans // where the last span came from
	scope    *tracepb.ScopeSpans
}

// opens says which headers a span of rs and ss would repeat.
func (k *packer) opens(rs *tracepb.ResourceSpans, ss *tracepb.ScopeSpans) (resource, scope bool) {
	return rs != k.resource, rs != k.resource || ss != k.scope
}

func (k *packer) put(rs *tracepb.ResourceSpans, ss *tracepb.ScopeSpans, span *tracepb.Span) {
	resource, scope := k.opens(rs, ss)
	if resource {
		k.resources = append(k.resources, &tracepb.ResourceSpans{Resource: rs.Resource, SchemaUrl: rs.SchemaUrl})
	}
	last := k.resources[len(k.resources)-1]
	if scope {
		last.ScopeSpans = append(last.ScopeSpans, &tracepb.ScopeSpans{Scope: ss.Scope, SchemaUrl: ss.SchemaUrl})
	}
	into := last.ScopeSpans[len(last.ScopeSpans)-1]
	into.Spans = append(into.Spans, span)
	k.resource, k.scope = rs, ss
	k.spans++
}

func (k *packer) payload() *Payload { return &Payload{resources: k.resources, spans: k.spans} }

// pack distributes a tree over as few payloads as the limit allows. A span above it travels alone.
func pack(tree *Payload, most int) []*Payload {
	var done []*Payload
	k, size := new(packer), 0
	for _, rs := range tree.resources {
		header := proto.Size(rs.Resource) + len(rs.SchemaUrl) + 4*framing
		for _, ss := range rs.ScopeSpans {
			scope := proto.Size(ss.Scope) + len(ss.SchemaUrl) + 4*framing
			for _, span := range ss.Spans {
				need := proto.Size(span) + framing
				if k.spans > 0 && size+k.more(rs, ss, header, scope)+need > most {
					done = append(done, k.payload())
					k, size = new(packer), 0
				}
				size += k.more(rs, ss, header, scope) + need
				k.put(rs, ss, span)
			}
		}
	}
	return append(done, k.payload())
}

// framing is the most that tag and length of one embedded message take.
const framing = 6

func (k *packer) more(rs *tracepb.ResourceSpans, ss *tracepb.ScopeSpans, header, scope int) int {
	n := 0
	resource, opens := k.opens(rs, ss)
	if resource {
		n += header
	}
	if opens {
		n += scope
	}
	return n
}
