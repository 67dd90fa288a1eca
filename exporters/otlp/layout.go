package otlp

import "google.golang.org/protobuf/encoding/protowire"

// A layout lists the spans of a request and the resources and scopes around them. From it a request with any
// consecutive part of the spans can be written.
//
// How it works. The lengths of the messages around the spans depend on which spans a request has, so payload first
// measures the sections, from the spans outwards, and then writes tag, length and head of each section before its first
// span. The spans themselves are copied unchanged. To split a payload, readLayout finds the same parts in its bytes.
type layout struct {
	spans     []piece // ordered by resource and scope
	scopes    []section
	resources []section
}

// A piece is one span: the bytes of the Span field, with tag and length, and the index of its scope.
type piece struct {
	bytes []byte
	scope int
}

// A section is a ResourceSpans or ScopeSpans message.
type section struct {
	head []byte // its fields apart from the spans
	in   int    // of a scope: the index of its resource
	size int    // bytes of the content, set by measure
}

// framing is the maximum size of the tag and length of a message.
const framing = 6

// opens reports whether spans[i] is the first of its resource, and the first of its scope. spans is the part that
// becomes a payload, whose first span opens both.
func (l *layout) opens(spans []piece, i int) (resource, scope bool) {
	if i == 0 {
		return true, true
	}
	before, at := spans[i-1].scope, spans[i].scope
	return l.scopes[before].in != l.scopes[at].in, before != at
}

// pack distributes the spans over as few payloads as the limit of most bytes allows. A span above the limit gets a
// payload of its own.
func (l *layout) pack(most int) []*payload {
	var done []*payload
	first, size := 0, 0
	for i := range l.spans {
		need := l.need(l.spans[first:], i-first)
		if i > first && size+need > most {
			done = append(done, l.payload(l.spans[first:i]))
			first, size = i, 0
			need = l.need(l.spans[first:], 0)
		}
		size += need
	}
	return append(done, l.payload(l.spans[first:]))
}

// need returns an upper bound of the bytes that spans[i] adds to a request with the spans before it. It may be some
// bytes too large, because a length is shorter than framing assumes; a payload never exceeds the limit.
func (l *layout) need(spans []piece, i int) int {
	n := len(spans[i].bytes)
	scope := &l.scopes[spans[i].scope]
	resourceOpens, scopeOpens := l.opens(spans, i)
	if resourceOpens {
		n += len(l.resources[scope.in].head) + framing
	}
	if scopeOpens {
		n += len(scope.head) + framing
	}
	return n
}

// payload writes the request with the given spans. Its bytes are allocated once, at their exact size.
func (l *layout) payload(spans []piece) *payload {
	out := make([]byte, 0, l.measure(spans))
	for i, span := range spans {
		scope := &l.scopes[span.scope]
		resourceOpens, scopeOpens := l.opens(spans, i)
		if resourceOpens {
			out = l.resources[scope.in].append(out, headField)
		}
		if scopeOpens {
			out = scope.append(out, contentField)
		}
		out = append(out, span.bytes...)
	}
	return &payload{bytes: out, spans: len(spans)}
}

// append appends tag, length and head. The rest of the content follows.
func (s *section) append(out []byte, field protowire.Number) []byte {
	out = protowire.AppendTag(out, field, protowire.BytesType)
	out = protowire.AppendVarint(out, uint64(s.size))
	return append(out, s.head...)
}

// measure sets the sizes of the sections around spans and returns the size of the request.
func (l *layout) measure(spans []piece) (total int) {
	for i, span := range spans {
		scope := &l.scopes[span.scope]
		if _, opens := l.opens(spans, i); opens {
			scope.size = len(scope.head)
		}
		scope.size += len(span.bytes)
	}
	for i, span := range spans {
		scope := &l.scopes[span.scope]
		resource := &l.resources[scope.in]
		resourceOpens, scopeOpens := l.opens(spans, i)
		if resourceOpens {
			resource.size = len(resource.head)
		}
		if scopeOpens {
			resource.size += fieldSize(scope.size)
		}
	}
	for i, span := range spans {
		if opens, _ := l.opens(spans, i); opens {
			total += fieldSize(l.resources[l.scopes[span.scope].in].size)
		}
	}
	return total
}

// fieldSize returns the size of a message of n bytes with tag and length; the field number is below 16.
func fieldSize(n int) int { return 1 + protowire.SizeBytes(n) }

// readLayout finds the layout in the bytes of a request with n spans. Requests are split so rarely that a payload does
// not keep its layout.
func readLayout(request []byte, n int) *layout {
	l := &layout{spans: make([]piece, 0, n)}
	for message := range fields(request) {
		l.resources = append(l.resources, section{})
		l.readResource(message.bytes)
	}
	return l
}

// readResource reads a ResourceSpans message into the last resource.
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

// readScope reads a ScopeSpans message into the last scope.
func (l *layout) readScope(message []byte) {
	at := len(l.scopes) - 1
	scope := &l.scopes[at]
	for f := range fields(message) {
		if f.number != contentField {
			scope.head = append(scope.head, f.raw...)
			continue
		}
		l.spans = append(l.spans, piece{f.raw, at})
	}
}
