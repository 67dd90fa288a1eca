package delivery_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func requestSpan() sdktrace.ReadOnlySpan {
	return span("GET /users/{id}",
		attribute.String("http.request.method", "GET"), attribute.String("http.route", "/users/{id}"),
		attribute.String("url.path", "/users/7"), attribute.String("url.scheme", "http"),
		attribute.String("server.address", "localhost"), attribute.Int("server.port", 8080),
		attribute.Int("http.response.status_code", 200), attribute.String("user_agent.original", "curl/8"))
}

// BenchmarkEnqueue is what a finished span costs the goroutine that ends it.
func BenchmarkEnqueue(b *testing.B) {
	one := requestSpan()
	setups := map[string]struct {
		bytes int64
		delay time.Duration
	}{
		"drained": {1 << 40, time.Millisecond},
		"full":    {1, time.Hour},
	}
	for name, s := range setups {
		b.Run(name, func(b *testing.B) {
			x := delivery.New(encoder{each: 1}, &discard{}, delivery.Options{QueueBytes: s.bytes, BatchDelay: s.delay, Logger: quiet})
			defer x.Shutdown(context.Background())
			b.ReportAllocs()
			for b.Loop() {
				x.Enqueue(one)
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		x := delivery.New(encoder{each: 1}, &discard{}, delivery.Options{QueueBytes: 1 << 40, Logger: quiet})
		defer x.Shutdown(context.Background())
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				x.Enqueue(one)
			}
		})
	})
}

// BenchmarkDrain is 10 000 spans from Enqueue to delivered, encoding and sending being nothing.
func BenchmarkDrain(b *testing.B) {
	one := requestSpan()
	x := delivery.New(counter{}, &discard{}, delivery.Options{Logger: quiet})
	defer x.Shutdown(context.Background())
	b.ReportAllocs()
	for b.Loop() {
		for range 10000 {
			x.Enqueue(one)
		}
		if err := x.ForceFlush(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	if s := x.Stats(); s.Delivered != s.Ended {
		b.Fatalf("delivered %d of %d: %v", s.Delivered, s.Ended, s.Dropped)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10000, "ns/span")
}

// counter is an encoder that only counts.
type counter struct{ encoder }

func (counter) Encode(list []sdktrace.ReadOnlySpan, _ *delivery.Report) []packet {
	return []packet{{names: make([]string, len(list))}}
}

type discard struct{}

func (discard) Send(context.Context, packet) delivery.Outcome { return delivery.Outcome{} }
func (discard) Close(context.Context) error                   { return nil }

// saturate ends spans in 64 goroutines that keep all processors busy, and reports how long the calls take.
func saturate(b *testing.B, end func(sdktrace.ReadOnlySpan)) {
	one := span("0123456789")
	const workers = 64
	var all [workers][]time.Duration
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range workers {
		wg.Go(func() {
			took := make([]time.Duration, 0, b.N/workers+1)
			x := 1
			for range b.N/workers + 1 {
				for i := range 3000 { // work of the program
					x += i * x
				}
				begun := time.Now()
				end(one)
				took = append(took, time.Since(begun))
			}
			runtime.KeepAlive(x)
			all[w] = took
		})
	}
	wg.Wait()
	b.StopTimer()
	sorted := slices.Sorted(slices.Values(slices.Concat(all[:]...)))
	for _, part := range []float64{50, 99, 99.9} {
		b.ReportMetric(float64(sorted[int(float64(len(sorted)-1)*part/100)]), fmt.Sprintf("p%v-ns", part))
	}
}

// BenchmarkSaturated compares the calls with the batch processor of the SDK. The tail matters: requests of the program wait
// for it.
func BenchmarkSaturated(b *testing.B) {
	b.Run("take", func(b *testing.B) {
		x := delivery.New(atEnd{encoder: encoder{each: 100}}, &sender{}, delivery.Options{Logger: quiet})
		defer x.Shutdown(context.Background())
		saturate(b, x.Take)
	})
	b.Run("enqueue", func(b *testing.B) {
		x := delivery.New(encoder{each: 100}, &sender{}, delivery.Options{Logger: quiet})
		defer x.Shutdown(context.Background())
		saturate(b, x.Enqueue)
	})
	b.Run("full", func(b *testing.B) {
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome { return errDown }}
		x := delivery.New(encoder{each: 100}, s, delivery.Options{Logger: quiet, QueueBytes: 100_000})
		defer x.Shutdown(canceled())
		saturate(b, x.Enqueue)
	})
	b.Run("batch processor", func(b *testing.B) {
		p := sdktrace.NewBatchSpanProcessor(nop{})
		defer p.Shutdown(context.Background())
		saturate(b, p.OnEnd)
	})
}

// nop is an exporter that does nothing.
type nop struct{}

func (nop) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nop) Shutdown(context.Context) error                             { return nil }
