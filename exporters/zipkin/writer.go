package zipkin

import (
	"sync/atomic"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A node is the address of this process, a part of every localEndpoint. Zero fields are left out.
type node struct {
	IPv4, IPv6 string // canonical text
	Port       uint16
}

// A writer is the state of one call of Encode.
//
// How it works. buf holds the array so far, without its closing bracket, and starts the index of each span in it. The
// methods append fields to buf and collect in repair what the span at hand needed. What depends only on the resource or
// the scope is kept as rendered text, and rendered again when a span has another one.
type writer struct {
	local    node
	limit    int           // maximum code points of a tag
	most     int           // maximum bytes of a payload
	spanSize *atomic.Int64 // of the encoder: bytes of recent spans
	report   *delivery.Report

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

// begin starts a payload with room for spans of the usual size, and an eighth. The room avoids that the buffer grows by
// copying; it is bounded by the limit, since a batch of large spans is split anyway.
func (w *writer) begin(spans int) {
	room := spans * int(w.spanSize.Load())
	w.buf = append(make([]byte, 0, min(room+room/8, w.most)+64), '[')
	w.starts = make([]int, 0, spans)
}

// finish completes the payload, if it has a span. It also notes the average size of a span, with which the next buffer
// is allocated.
func (w *writer) finish() {
	if len(w.starts) == 0 {
		return
	}
	w.spanSize.Store(int64(len(w.buf)/len(w.starts) + 1))
	w.done = append(w.done, &payload{body: append(w.buf, ']'), starts: w.starts})
	w.buf, w.starts = nil, nil
}

// raw appends text that is JSON already.
func (w *writer) raw(text string) { w.buf = append(w.buf, text...) }

// quoted appends text from the span as a JSON string.
func (w *writer) quoted(text string) {
	var fixed spantext.Repair
	w.buf, fixed = spantext.AppendQuoted(w.buf, text, 0)
	w.repair |= fixed
}

// count reports what the span at hand needed, once for each kind. A span with ten bad texts counts as one, because an
// operator looks for spans, not for bytes.
func (w *writer) count(span sdktrace.ReadOnlySpan, fixed spantext.Repair) {
	if fixed&spantext.UTF8 != 0 {
		w.report.Repair(span, delivery.RepairUTF8)
	}
	if fixed&spantext.Value != 0 {
		w.report.Repair(span, delivery.RepairValue)
	}
}
