//go:build !race

package recording_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// discard is a sink, and a processor, that needs no span.
type discard struct{}

func (discard) Take(b *recording.Body)                          { b.Release() }
func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) ForceFlush(context.Context) error                { return nil }
func (discard) Shutdown(context.Context) error                  { return nil }

var six = []attribute.KeyValue{
	attribute.String("http.request.method", "GET"), attribute.String("url.path", "/users/7"), attribute.String("url.scheme", "https"),
	attribute.Int("http.response.status_code", 200), attribute.String("http.route", "/users/{id}"), attribute.String("client.address", "127.0.0.1"),
}

// ways are the ways of a span whose costs are promised.
var ways = []struct {
	name   string
	set    func(*recording.Config)
	allocs float64
}{
	{"sampled, to a sink", func(c *recording.Config) { c.Sinks = []recording.Sink{discard{}} }, 1},
	{"sampled, to a processor", func(c *recording.Config) { c.Processors = []sdktrace.SpanProcessor{discard{}} }, 3},
	{"undecided and dropped", func(c *recording.Config) {
		c.Sampler, c.Sinks = &errorsAndSlow{decision: sdktrace.RecordOnly}, []recording.Sink{discard{}}
	}, 1},
	{"unsampled", func(c *recording.Config) { c.Sampler = sdktrace.NeverSample(); c.Sinks = []recording.Sink{discard{}} }, 1},
}

func work(tracer trace.Tracer) {
	_, span := tracer.Start(context.Background(), "work")
	span.SetAttributes(six...)
	span.End()
}

func TestAllocations(t *testing.T) {
	for _, way := range ways {
		c := recording.Config{Sampler: sdktrace.AlwaysSample(), Limits: sdktrace.NewSpanLimits()}
		way.set(&c)
		tracer := recording.New(c).Tracer("test")
		if got := testing.AllocsPerRun(1000, func() { work(tracer) }); got != way.allocs {
			t.Errorf("%s: %v allocations for Start, SetAttributes and End, want %v", way.name, got, way.allocs)
		}
	}
}

// BenchmarkSpan compares the ways with the SDK, whose spans always go to a processor.
func BenchmarkSpan(b *testing.B) {
	for _, way := range ways {
		c := recording.Config{Sampler: sdktrace.AlwaysSample(), Limits: sdktrace.NewSpanLimits()}
		way.set(&c)
		run := func(name string, p trace.TracerProvider) {
			tracer := p.Tracer("test")
			b.Run(way.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					work(tracer)
				}
			})
		}
		run("recording", recording.New(c))
		run("SDK", sdktrace.NewTracerProvider(sdktrace.WithSampler(c.Sampler), sdktrace.WithSpanProcessor(discard{})))
	}
}
