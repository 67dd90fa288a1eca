package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// treePrinter is a span processor that writes each trace of this process as a tree as soon as its last open
// span has ended. A quickstart has few traces; maxOpen limits them nevertheless.
type treePrinter struct {
	mu     sync.Mutex
	out    io.Writer
	open   map[trace.TraceID]*openTrace
	traces int // written so far
}

type openTrace struct {
	running int
	ended   []sdktrace.ReadOnlySpan
}

const maxOpen = 1000

func newTreePrinter(out io.Writer) *treePrinter {
	return &treePrinter{out: out, open: make(map[trace.TraceID]*openTrace)}
}

func (p *treePrinter) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := span.SpanContext().TraceID()
	t, ok := p.open[id]
	if !ok {
		if len(p.open) == maxOpen {
			return
		}
		t = new(openTrace)
		p.open[id] = t
	}
	t.running++
}

func (p *treePrinter) OnEnd(span sdktrace.ReadOnlySpan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := span.SpanContext().TraceID()
	t, ok := p.open[id]
	if !ok {
		return
	}
	t.running--
	t.ended = append(t.ended, span)
	if t.running > 0 {
		return
	}
	delete(p.open, id)
	p.traces++
	writeTree(p.out, t.ended)
}

func (p *treePrinter) ForceFlush(context.Context) error { return nil }

func (p *treePrinter) Shutdown(context.Context) error { return nil }

// settle waits until no span is open: a server span may end shortly after the client has received the response.
func (p *treePrinter) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	for {
		p.mu.Lock()
		open := len(p.open)
		p.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func (p *treePrinter) written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traces
}

// writeTree writes the spans of one trace, children below their parents, with a bar for when each ran.
func writeTree(out io.Writer, spans []sdktrace.ReadOnlySpan) {
	slices.SortFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	tree := tree{children: make(map[trace.SpanID][]sdktrace.ReadOnlySpan), begin: spans[0].StartTime()}
	known := make(map[trace.SpanID]bool, len(spans))
	for _, s := range spans {
		known[s.SpanContext().SpanID()] = true
		tree.length = max(tree.length, s.EndTime().Sub(tree.begin))
	}
	var roots []sdktrace.ReadOnlySpan
	for _, s := range spans {
		if parent := s.Parent().SpanID(); known[parent] {
			tree.children[parent] = append(tree.children[parent], s)
		} else {
			roots = append(roots, s)
		}
	}
	fmt.Fprintf(&tree.text, "trace %s  %s\n", spans[0].SpanContext().TraceID(), plural(len(spans), "span"))
	for _, root := range roots {
		tree.write(root, "  ", "  ")
	}
	fmt.Fprintln(out, tree.text.String())
}

type tree struct {
	text     strings.Builder
	children map[trace.SpanID][]sdktrace.ReadOnlySpan
	begin    time.Time
	length   time.Duration
}

func (t *tree) write(s sdktrace.ReadOnlySpan, indent, below string) {
	name := indent + s.Name()
	fmt.Fprintf(&t.text, "%-38s %-8s %8s %s %s\n", name, s.SpanKind(), rounded(s.EndTime().Sub(s.StartTime())), t.bar(s), describe(s))
	children := t.children[s.SpanContext().SpanID()]
	for i, child := range children {
		branch, rest := "├─ ", "│  "
		if i == len(children)-1 {
			branch, rest = "└─ ", "   "
		}
		t.write(child, below+branch, below+rest)
	}
}

const barWidth = 24

func (t *tree) bar(s sdktrace.ReadOnlySpan) string {
	if t.length <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	from := int(s.StartTime().Sub(t.begin) * barWidth / t.length)
	to := max(int(s.EndTime().Sub(t.begin)*barWidth/t.length), from+1)
	from, to = min(from, barWidth-1), min(to, barWidth)
	return strings.Repeat("·", from) + strings.Repeat("█", to-from) + strings.Repeat("·", barWidth-to)
}

// keyAttributes maps the attributes that a tree shows to short names. The exporters receive all attributes.
var keyAttributes = []struct{ key, label string }{
	{"http.response.status_code", "http"},
	{"rpc.response.status_code", "grpc"},
	{"error.type", "error"},
	{"url.path", "path"},
}

func describe(s sdktrace.ReadOnlySpan) string {
	var parts []string
	if s.Status().Code == codes.Error {
		parts = append(parts, "ERROR")
	}
	for _, shown := range keyAttributes {
		for _, a := range s.Attributes() {
			if string(a.Key) == shown.key {
				parts = append(parts, shown.label+"="+a.Value.String())
			}
		}
	}
	return strings.Join(parts, " ")
}

func rounded(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
