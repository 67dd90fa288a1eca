package zipkin

// A payload is the body of one request, a JSON array of Zipkin v2 spans. It does not change.
type payload struct {
	body   []byte
	starts []int // where each span begins in body
}

// Spans returns the count of spans in the array.
func (p *payload) Spans() int { return len(p.starts) }

// Size returns the length of the body in bytes.
func (p *payload) Size() int { return len(p.body) }

// Split copies the two halves of p's spans into payloads of their own. It reports false for a single span.
// The bytes are copied, because a transport may still read a body that was refused.
func (e *encoder) Split(p *payload) (a, b *payload, ok bool) {
	half := len(p.starts) / 2
	if half == 0 {
		return nil, nil, false
	}
	cut := p.starts[half]
	return p.part(1, cut-1, p.starts[:half]), p.part(cut, len(p.body)-1, p.starts[half:]), true
}

func (p *payload) part(from, to int, starts []int) *payload {
	body := make([]byte, 0, to-from+2)
	body = append(body, '[')
	body = append(body, p.body[from:to]...)
	body = append(body, ']')
	moved := make([]int, len(starts))
	for i, at := range starts {
		moved[i] = at - from + 1
	}
	return &payload{body: body, starts: moved}
}
