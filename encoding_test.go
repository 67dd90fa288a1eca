package spanroute_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// A textEncoder encodes each span by itself: its span id, its name and its attributes as text. It counts how spans reach it.
type textEncoder struct{ atEnd, together *atomic.Int64 }

func (e textEncoder) EncodeSpan(buf []byte, s sdktrace.ReadOnlySpan, _ *delivery.Report) ([]byte, any) {
	e.atEnd.Add(1)
	return append(buf, describe(s)...), nil
}

func describe(s sdktrace.ReadOnlySpan) string {
	return fmt.Sprint(s.SpanContext().SpanID(), s.Name(), s.Attributes(), s.Events(), s.Status(), s.EndTime().Before(s.StartTime()))
}

func (e textEncoder) Pack(spans []delivery.EncodedSpan, _ *delivery.Report) []lines {
	p := make(lines, len(spans))
	for i, s := range spans {
		p[i] = string(s.Bytes)
	}
	return []lines{p}
}

func (e textEncoder) Encode([]sdktrace.ReadOnlySpan, *delivery.Report) []lines {
	e.together.Add(1)
	return nil
}

func (textEncoder) Split(p lines) (a, b lines, ok bool) {
	return p[:len(p)/2], p[len(p)/2:], len(p) > 1
}

type lines []string

func (p lines) Spans() int { return len(p) }
func (p lines) Size() int  { return 100 * len(p) }

// An inbox receives texts. Two of three attempts fail.
type inbox struct {
	mu       sync.Mutex
	attempts int
	seen     map[string]int
}

func (b *inbox) Send(_ context.Context, p lines) delivery.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.attempts++; {
	case b.attempts%3 == 1 && len(p) > 1:
		return delivery.Outcome{Verdict: delivery.TooLarge}
	case b.attempts%3 == 2:
		return delivery.Outcome{Verdict: delivery.Retry}
	}
	for _, line := range p {
		b.seen[line]++
	}
	return delivery.Outcome{}
}

func (*inbox) Close(context.Context) error { return nil }

func textExporters(t *testing.T, e delivery.Encoder[lines], b *inbox) *registry.Registry {
	t.Helper()
	r := new(registry.Registry)
	for _, name := range []string{"texts", "other"} {
		err := r.Register(registry.NewFactory(name, func() struct{} { return struct{}{} }, func(_ context.Context, c registry.BuildContext, _ struct{}) (sdktrace.SpanExporter, error) {
			c.Delivery.Retry.Initial = 1
			return delivery.New(e, b, c.Delivery), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A span that is encoded when it ends arrives with its content of that time, whatever happens to its handle and its memory later.
func TestEncodedSpansAreThoseThatEnded(t *testing.T) {
	const workers, spans = 8, 500
	b := &inbox{seen: map[string]int{}}
	e := textEncoder{new(atomic.Int64), new(atomic.Int64)}
	cfg := load(t, textExporters(t, e, b), map[string]any{"exporter_type": "texts", "sample_rate": 1})
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	tracer := tracing.TracerProvider().Tracer("test")
	var group sync.WaitGroup
	var mu sync.Mutex
	want := map[string]bool{}
	for worker := range workers {
		group.Go(func() {
			var old []trace.Span
			for i := range spans {
				_, s := tracer.Start(context.Background(), fmt.Sprintf("%d/%d", worker, i))
				for k := range i % 20 {
					s.SetAttributes(attribute.String(fmt.Sprint("k", k), strings.Repeat("x", i)))
				}
				s.AddEvent(fmt.Sprint("event ", i))
				s.SetStatus(codes.Error, fmt.Sprint(worker))
				text := describe(s.(sdktrace.ReadOnlySpan))
				s.End()
				mu.Lock()
				want[strings.Replace(text, "true", "false", 1)] = true // the end time was zero
				mu.Unlock()
				for _, ended := range old {
					ended.SetName("late")
					ended.SetAttributes(attribute.Int("late", i))
					ended.End()
				}
				if old = append(old, s); len(old) > 10 {
					old = old[1:]
				}
			}
		})
	}
	group.Wait()
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.atEnd.Load() != workers*spans || e.together.Load() != 0 {
		t.Errorf("%d spans were encoded by themselves, %d batches together, want %d and 0", e.atEnd.Load(), e.together.Load(), workers*spans)
	}
	if stats := tracing.Stats().Exporters[0]; len(b.seen) != len(want) || stats.Delivered != workers*spans {
		t.Errorf("%d different spans arrived, want %d: %+v", len(b.seen), len(want), stats)
	}
	for line, n := range b.seen {
		if !want[line] || n != 1 {
			t.Fatalf("arrived %d times, recorded %t: %.200s", n, want[line], line)
		}
	}
}

// keeping is a span processor of a program that keeps spans.
type keeping struct {
	sdktrace.SpanProcessor
	spans []sdktrace.ReadOnlySpan
}

func (*keeping) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (k *keeping) OnEnd(s sdktrace.ReadOnlySpan)                 { k.spans = append(k.spans, s) }
func (*keeping) Shutdown(context.Context) error                  { return nil }
func (*keeping) ForceFlush(context.Context) error                { return nil }

// With a processor of the program or a second exporter, spans stay readable after their end.
func TestSpansStayForWhatKeepsThem(t *testing.T) {
	for name, tt := range map[string]struct {
		exporters any
		keeps     bool
		readable  bool
	}{
		"one exporter":                 {"texts", false, false},
		"two exporters":                {[]any{"texts", "other"}, false, true},
		"one exporter and a processor": {"texts", true, true},
		"no exporter":                  {"none", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := &inbox{seen: map[string]int{}}
			cfg := load(t, textExporters(t, textEncoder{new(atomic.Int64), new(atomic.Int64)}, b), map[string]any{"exporter_type": tt.exporters, "sample_rate": 1})
			keep, opts := new(keeping), []spanroute.Option{spanroute.WithLogger(slog.New(slog.DiscardHandler))}
			if tt.keeps {
				opts = append(opts, spanroute.WithSpanProcessor(keep))
			}
			tracing, err := spanroute.Start(t.Context(), cfg, opts...)
			if err != nil {
				t.Fatal(err)
			}
			var ended []sdktrace.ReadOnlySpan
			for i := range 100 {
				_, s := tracing.TracerProvider().Tracer("test").Start(t.Context(), "work")
				s.SetAttributes(attribute.Int("i", i))
				s.End()
				ended = append(ended, s.(sdktrace.ReadOnlySpan))
			}
			for i, s := range append(ended, keep.spans...) {
				if readable := s.Name() == "work" && len(s.Attributes()) == 1 && s.Attributes()[0].Value.AsInt64() == int64(i%100); readable != tt.readable {
					t.Fatalf("span %d: %q %v, readable %t, want %t", i, s.Name(), s.Attributes(), readable, tt.readable)
				}
			}
			if err := tracing.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The only destination also encodes the spans of another provider at their end.
func TestForeignSpansAreEncodedAtTheirEnd(t *testing.T) {
	b, e := &inbox{seen: map[string]int{}}, textEncoder{new(atomic.Int64), new(atomic.Int64)}
	cfg := load(t, textExporters(t, e, b), map[string]any{"exporter_type": "texts", "sample_rate": 0.5})
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	provider, sampled := sdktrace.NewTracerProvider(tracing.ProviderOptions()...), 0
	for range 100 {
		_, s := provider.Tracer("test").Start(t.Context(), "work")
		s.End()
		if s.SpanContext().IsSampled() {
			sampled++
		}
	}
	if got := e.atEnd.Load(); got != int64(sampled) {
		t.Errorf("%d spans are encoded at their end, want the %d sampled ones", got, sampled)
	}
	if err := tracing.Shutdown(t.Context()); err != nil || len(b.seen) != sampled {
		t.Errorf("%d spans arrived, want %d; Shutdown = %v", len(b.seen), sampled, err)
	}
}
