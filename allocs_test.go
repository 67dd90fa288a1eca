//go:build !race

package spanroute_test

import (
	"context"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// A span costs three allocations from Start to the queue: its handle and context, its content, and its attributes. If the
// only exporter encodes it at its end, it costs the first one only. So does a span that is not sampled, and one that is not kept at its end.
func TestAllocationsOfASpan(t *testing.T) {
	for _, tt := range []struct {
		exporter string
		rate     float64
		keep     bool
		want     float64
	}{{"silent", 1, false, 3}, {"silent", 0, false, 1}, {"bytes", 1, false, 1}, {"none", 1, false, 1}, {"bytes", 0, true, 1}} {
		known := silentExporters(t)
		if err := known.Register(registry.NewFactory("bytes", func() struct{} { return struct{}{} }, func(_ context.Context, c registry.BuildContext, _ struct{}) (sdktrace.SpanExporter, error) {
			return delivery.New(byteEncoder{}, &inbox{seen: map[string]int{}}, c.Delivery), nil
		})); err != nil {
			t.Fatal(err)
		}
		cfg := load(t, known, map[string]any{
			"exporter_type": tt.exporter, "sample_rate": tt.rate, "sampling": map[string]any{"keep": map[string]any{"errors": tt.keep}},
			"delivery": map[string]any{"queue_bytes": 64 << 20}, "batch": map[string]any{"max_export_batch_size": 100_000, "schedule_delay": "1h"},
		})
		tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		list := []attribute.KeyValue{attribute.String("a", "text"), attribute.Int("b", 1), attribute.Bool("c", true)}
		set := func(s trace.Span) { s.SetAttributes(list...) }
		tracer := tracing.TracerProvider().Tracer("test")
		if got := testing.AllocsPerRun(2000, func() { record(context.Background(), tracer, "work", set) }); got != tt.want {
			t.Errorf("exporter %s, rate %v, keeping errors %t: %v allocations, want %v", tt.exporter, tt.rate, tt.keep, got, tt.want)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = tracing.Shutdown(ctx)
	}
}

// byteEncoder encodes each span as the bytes of its name.
type byteEncoder struct{ textEncoder }

func (byteEncoder) EncodeSpan(buf []byte, s sdktrace.ReadOnlySpan, _ *delivery.Report) ([]byte, any) {
	return append(buf, s.Name()...), nil
}
