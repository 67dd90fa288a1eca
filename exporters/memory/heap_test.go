package memory_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/memory"
)

// heap is the memory in use once all garbage is gone.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Spans are put into a full store by every way there is; what it keeps alive is its limit, index included.
func TestStoreKeepsWhatItCharges(t *testing.T) {
	ways := map[string]func(*memory.Store, *memory.Exporter, sdktrace.ReadOnlySpan){
		"Enqueue": func(_ *memory.Store, x *memory.Exporter, s sdktrace.ReadOnlySpan) { x.Enqueue(s) },
		"ExportSpans": func(_ *memory.Store, x *memory.Exporter, s sdktrace.ReadOnlySpan) {
			_ = x.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{s})
		},
		"Add": func(store *memory.Store, _ *memory.Exporter, s sdktrace.ReadOnlySpan) { store.Add(s) },
	}
	rows := map[string]struct {
		size, perTrace int
		part           int // of a text that is kept; 0: all
	}{
		"bare, a trace each":     {0, 1, 0},
		"bare, two to a trace":   {0, 2, 0},
		"bare, one trace":        {0, 1 << 30, 0},
		"10 bytes, a trace each": {10, 1, 0},
		"300 bytes":              {300, 3, 0},
		"5 kB":                   {5000, 3, 0},
		"1 MiB":                  {1 << 20, 1, 0},
		"16 bytes of 10 kB":      {10_000, 3, 16}, // as a provider with a limit of its own leaves it
	}
	for way, put := range ways {
		for name, row := range rows {
			if row.part > 0 && way == "Enqueue" {
				continue // it trusts its callers with the texts
			}
			t.Run(way+", "+name, func(t *testing.T) {
				limit := int64(1 << 20)
				if row.size >= 1<<20 {
					limit *= 24
				}
				store := memory.NewStore(memory.Limits{Bytes: limit, Spans: -1})
				x := memory.New(store)
				before := heap()
				for n := range 3000 {
					if row.size >= 1<<20 && n == 60 {
						break
					}
					put(store, x, stored(n, row.perTrace, row.size, row.part))
				}
				if ratio := float64(heap()-before) / float64(limit); ratio < 0.7 || ratio > 1.3 {
					t.Errorf("%.2f times the limit is kept, want 0.7 to 1.3", ratio)
				}
				runtime.KeepAlive(x)
			})
		}
	}
}

// stored is span n, with a text of its own if size is not 0.
func stored(n, perTrace, size, part int) sdktrace.ReadOnlySpan {
	var id trace.TraceID
	binary.BigEndian.PutUint64(id[:], uint64(n/perTrace)+1)
	stub := tracetest.SpanStub{
		Name:        "work",
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}),
	}
	if size > 0 {
		text := strings.Repeat(fmt.Sprint(n%10), size)
		if part > 0 {
			text = text[:part]
		}
		stub.Attributes = []attribute.KeyValue{attribute.String("k", text)}
	}
	return stub.Snapshot()
}
