package otlp

// A payload is one export request in wire format. Its bytes never change and are never reused: gRPC and net/http may
// still read them after an attempt has failed, and each attempt sends the same bytes.
type payload struct {
	bytes []byte
	spans int
}

// Probe returns a request without spans, which is valid and which receivers accept.
func (*encoder) Probe() *payload { return new(payload) }

// Spans returns the count of spans in the request.
func (p *payload) Spans() int { return p.spans }

// Size returns the length of the request in protobuf, in bytes; http/json needs two to three times that.
func (p *payload) Size() int { return len(p.bytes) }
