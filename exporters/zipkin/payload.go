package zipkin

// A payload is the body of one request, a JSON array of Zipkin v2 spans. It does not change.
type payload struct {
	body   []byte
	starts []int // where each span begins in body
}

// Probe returns an empty array.
func (*encoder) Probe() *payload { return &payload{body: []byte("[]")} }

// Spans returns the count of spans in the array.
func (p *payload) Spans() int { return len(p.starts) }

// Size returns the length of the body in bytes.
func (p *payload) Size() int { return len(p.body) }

// part copies the spans that begin at starts and lie between the bytes from and to. The first byte of a new body is its
// bracket, so each start moves by from-1.
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
