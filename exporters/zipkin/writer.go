package zipkin

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// A writer is the state of one call of EncodeSpan. Later calls use it again, one at a time.
//
// How it works. The methods append fields to buf and collect in repair what the span needed. seen is a filter of the keys
// that were written, by which equal keys of span, scope and resource are found.
type writer struct {
	limit  int // maximum code points of a tag
	report *delivery.Report
	origin *origin // of the span
	buf    []byte
	repair spantext.Repair
	seen   keys
	event  []byte // scratch: the text of an annotation, before it is escaped
}

// raw appends text that is JSON already.
func (w *writer) raw(text string) { w.buf = append(w.buf, text...) }

// quoted appends text from the span as a JSON string.
func (w *writer) quoted(text string) {
	var fixed spantext.Repair
	w.buf, fixed = spantext.AppendQuoted(w.buf, text, 0)
	w.repair |= fixed
}

// count reports what the span at hand needed, once for each kind.
func (w *writer) count(span sdktrace.ReadOnlySpan, fixed spantext.Repair) {
	if fixed&spantext.UTF8 != 0 {
		w.report.Repair(span, delivery.RepairUTF8)
	}
	if fixed&spantext.Value != 0 {
		w.report.Repair(span, delivery.RepairValue)
	}
}
