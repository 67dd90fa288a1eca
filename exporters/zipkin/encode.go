package zipkin

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

const (
	maxPayload = 5_000_000 // maximum bytes of one request
	minPayload = 64 << 10  // below this the limit is not halved
)

// An encoder writes spans as Zipkin v2 JSON. It is safe for concurrent use.
//
// How it works. Each call of Encode appends the spans to one buffer, straight from their methods, and starts another
// payload when the limit is reached: the last span then moves to the new buffer. The tags of the resource and of the
// scope are rendered once for consecutive spans that have the same. A key is written once for each span, so a 64-bit
// filter of keys finds out whether a search for an equal key is necessary. With room in the buffer, a span with scalar
// attributes costs no allocation; the encoder remembers the size of recent spans and allocates the buffer for it.
//
// The encoder of upstream (otel exporters/zipkin v1.47.0) loses a batch for one span that ends before it starts, lets
// resource attributes override those of the span, drops `error` attributes and changes names to lower case. Apart from
// that, the tests compare with it.
type encoder struct {
	local    node
	limit    int          // maximum code points of a tag; 0 means no limit
	spanSize atomic.Int64 // bytes of recent spans, for the size of the next buffer
}

// A node is the address of this process, a part of every localEndpoint. Zero fields are left out.
type node struct {
	IPv4, IPv6 string // canonical text
	Port       uint16
}

// newEncoder returns an encoder; maxTag is max_tag_value_length, where 0 or less means no limit.
func newEncoder(local node, maxTag int) *encoder {
	e := &encoder{local: local, limit: max(0, maxTag)}
	e.spanSize.Store(1 << 10)
	return e
}

// Limits returns the maximum size of a payload, and the size below which it is not halved.
func (*encoder) Limits() (most, floor int) { return maxPayload, minPayload }

// Encode writes spans in order into as few payloads as the limit allows. A span above the limit
// gets a payload of its own. A span without ids is dropped, because Zipkin does not accept zeros.
func (e *encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []*payload {
	w := writer{encoder: e, report: r, most: maxPayload}
	if l := r.Limit(); l > 0 && l < w.most {
		w.most = l
	}
	for i, span := range spans {
		switch {
		case span == nil:
		case span.SpanContext().IsValid():
			w.add(span, len(spans)-i)
		default: // receivers refuse a whole request for an id of zeros
			r.Drop(span, delivery.DropInvalid)
		}
	}
	w.finish()
	return w.done
}

// A writer is the state of one call of Encode.
type writer struct {
	*encoder
	report *delivery.Report
	most   int
	done   []*payload
	starts []int
	buf    []byte

	event  []byte // scratch: the text of an annotation, before it is escaped
	repair spantext.Repair
	seen   keys

	resource    *resource.Resource
	resources   tags
	endpoint    []byte // localEndpoint of resource, with its name
	endpointFix spantext.Repair
	scope       instrumentation.Scope
	scopes      tags
	known       bool // resource and scope are set
}

// add encodes one span; left counts the spans still to come, this one included.
func (w *writer) add(span sdktrace.ReadOnlySpan, left int) {
	if w.buf == nil {
		w.begin(left)
	}
	start := len(w.buf)
	if len(w.starts) > 0 {
		w.buf = append(w.buf, ',')
		start++
	}
	w.span(span)
	if len(w.buf)+1 > w.most && len(w.starts) > 0 {
		tail := w.buf[start:]
		w.buf = w.buf[:start-1]
		w.finish()
		w.begin(left)
		start = len(w.buf)
		w.buf = append(w.buf, tail...)
	}
	w.starts = append(w.starts, start)
}

// begin starts a payload with room for spans of the usual size, and an eighth.
func (w *writer) begin(spans int) {
	room := spans * int(w.spanSize.Load())
	w.buf = append(make([]byte, 0, min(room+room/8, w.most)+64), '[')
	w.starts = make([]int, 0, spans)
}

func (w *writer) finish() {
	if len(w.starts) == 0 {
		return
	}
	w.spanSize.Store(int64(len(w.buf)/len(w.starts) + 1))
	w.done = append(w.done, &payload{body: append(w.buf, ']'), starts: w.starts})
	w.buf, w.starts = nil, nil
}
