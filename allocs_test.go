//go:build !race

package spanroute_test

import (
	"context"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
)

// A span costs three allocations from Start to the queue: its handle and context, its content, and its attributes. One
// that is not sampled costs one. A queue copies nothing.
func TestAllocationsOfASpan(t *testing.T) {
	for rate, want := range map[float64]float64{1: 3, 0: 1} {
		cfg := load(t, silentExporters(t), map[string]any{"exporter_type": "silent", "sample_rate": rate, "delivery": map[string]any{"queue_bytes": 64 << 20}})
		tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		list := []attribute.KeyValue{attribute.String("a", "text"), attribute.Int("b", 1), attribute.Bool("c", true)}
		set := func(s trace.Span) { s.SetAttributes(list...) }
		tracer := tracing.TracerProvider().Tracer("test")
		if got := testing.AllocsPerRun(2000, func() { record(context.Background(), tracer, "work", set) }); got != want {
			t.Errorf("rate %v: %v allocations, want %v", rate, got, want)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = tracing.Shutdown(ctx)
	}
}
