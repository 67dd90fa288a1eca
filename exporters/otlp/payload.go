package otlp

import "google.golang.org/protobuf/encoding/protowire"

// A payload is one export request in wire format. Its bytes never change and are never reused: gRPC and net/http may
// still read them after an attempt has failed, and each attempt sends the same bytes.
type payload struct {
	bytes []byte
	spans int
}

// Spans returns the count of spans in the request.
func (p *payload) Spans() int { return p.spans }

// Size returns the length of the request in protobuf, in bytes; http/json needs two to three times that.
func (p *payload) Size() int { return len(p.bytes) }

// Split cuts p between two spans into two payloads, and repeats resource and scope in each. It reports false for a
// single span.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	half := p.spans / 2
	if half == 0 {
		return nil, nil, false
	}
	l := p.layout()
	return l.payload(l.spans[:half]), l.payload(l.spans[half:]), true
}

// layout reads the layout back from the bytes. A request is split so rarely that a payload does not keep its layout.
func (p *payload) layout() *layout {
	l := &layout{source: p.bytes, spans: make([]piece, 0, p.spans)}
	for message := range fields(p.bytes) {
		l.resources = append(l.resources, section{})
		l.readResource(message.bytes)
	}
	return l
}

func (l *layout) readResource(message []byte) {
	resource := &l.resources[len(l.resources)-1]
	for f := range fields(message) {
		if f.number != contentField {
			resource.head = append(resource.head, f.raw...)
			continue
		}
		l.scopes = append(l.scopes, section{in: len(l.resources) - 1})
		l.readScope(f.bytes)
	}
}

func (l *layout) readScope(message []byte) {
	at := len(l.scopes) - 1
	scope := &l.scopes[at]
	for f := range fields(message) {
		if f.number != contentField {
			scope.head = append(scope.head, f.raw...)
			continue
		}
		from := cap(l.source) - cap(f.raw) // f.raw is a part of source
		l.spans = append(l.spans, piece{from, from + len(f.raw), at})
	}
}

// A wireField is one field of a message.
type wireField struct {
	number protowire.Number
	raw    []byte // with tag and length
	bytes  []byte // the content of a string, bytes or message field
	value  uint64 // of a number

	first, last bool // whether the fields before and after it have another number
}

// fields returns the fields of a message that this package has written. It ends at a fault.
func fields(message []byte) func(yield func(wireField) bool) {
	return func(yield func(wireField) bool) {
		var before protowire.Number
		for len(message) > 0 {
			f, rest := nextField(message)
			if f.number == 0 {
				return
			}
			next, _, _ := protowire.ConsumeTag(rest)
			f.first, f.last = f.number != before, f.number != next
			if !yield(f) {
				return
			}
			before, message = f.number, rest
		}
	}
}

// nextField returns the first field and the bytes after it. The number is 0 if the bytes are not a field.
func nextField(message []byte) (f wireField, rest []byte) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return wireField{}, nil
	}
	content, size := message[n:], -1
	switch kind {
	case protowire.BytesType:
		f.bytes, size = protowire.ConsumeBytes(content)
	case protowire.VarintType:
		f.value, size = protowire.ConsumeVarint(content)
	case protowire.Fixed64Type:
		f.value, size = protowire.ConsumeFixed64(content)
	case protowire.Fixed32Type:
		var v uint32
		v, size = protowire.ConsumeFixed32(content)
		f.value = uint64(v)
	}
	if size < 0 {
		return wireField{}, nil
	}
	f.number, f.raw = number, message[:n+size]
	return f, content[size:]
}
