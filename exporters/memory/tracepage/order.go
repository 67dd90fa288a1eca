package tracepage

import (
	"cmp"
	"maps"
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
)

// rootOf is the span that stands for the trace: one whose parent is elsewhere, the earliest of them.
func rootOf(t memory.Trace) sdktrace.ReadOnlySpan {
	here := make(map[trace.SpanID]struct{}, len(t.Spans))
	for _, span := range t.Spans {
		here[span.SpanContext().SpanID()] = struct{}{}
	}
	var root sdktrace.ReadOnlySpan
	for _, span := range t.Spans {
		if _, below := here[span.Parent().SpanID()]; !below && (root == nil || span.StartTime().Before(root.StartTime())) {
			root = span
		}
	}
	if root == nil { // only spans that claim one another for a parent
		root = t.Spans[0]
	}
	return root
}

type placedSpan struct {
	sdktrace.ReadOnlySpan
	depth int
}

// nested orders spans as a waterfall. It does not recurse, since a hostile trace may be one long chain, and gives
// every span a place, also those of a cycle.
func nested(spans []sdktrace.ReadOnlySpan) []placedSpan {
	byStart := slices.Clone(spans)
	slices.SortStableFunc(byStart, func(a, b sdktrace.ReadOnlySpan) int { return b.StartTime().Compare(a.StartTime()) }) // latest first: a stack
	here := make(map[trace.SpanID]struct{}, len(spans))
	for _, s := range spans {
		here[s.SpanContext().SpanID()] = struct{}{}
	}
	children := make(map[trace.SpanID][]sdktrace.ReadOnlySpan)
	var stack []placedSpan
	for _, s := range byStart {
		if _, ok := here[s.Parent().SpanID()]; ok {
			children[s.Parent().SpanID()] = append(children[s.Parent().SpanID()], s)
		} else {
			stack = append(stack, placedSpan{s, 0})
		}
	}
	out := make([]placedSpan, 0, len(spans))
	for {
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			out = append(out, top)
			id := top.SpanContext().SpanID()
			for _, child := range children[id] {
				stack = append(stack, placedSpan{child, top.depth + 1})
			}
			delete(children, id)
		}
		if len(children) == 0 {
			return out
		}
		// What is left hangs below itself: begin anywhere.
		id := slices.MinFunc(slices.Collect(maps.Keys(children)), func(a, b trace.SpanID) int { return cmp.Compare(a.String(), b.String()) })
		first := children[id][0]
		if children[id] = children[id][1:]; len(children[id]) == 0 {
			delete(children, id)
		}
		stack = append(stack, placedSpan{first, 0})
	}
}
