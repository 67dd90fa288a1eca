//go:build !race

package sampling_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/sampling"
)

func TestDecisionDoesNotAllocate(t *testing.T) {
	s, err := sampling.New(sampling.Config{SampleRate: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	id := traceID(t, "0000000000000001")
	live := sampling.NewDynamic(s)
	for name, ctx := range map[string]context.Context{"root": context.Background(), "parent": parentContext(id, true, true, "v=1")} {
		p := sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: "GET /"}
		if got := testing.AllocsPerRun(100, func() { live.ShouldSample(p) }); got != 0 {
			t.Errorf("%s: %v allocations a decision, want 0", name, got)
		}
	}
}

func TestStrategyDoesNotAllocate(t *testing.T) {
	s, err := sampling.NewRemote(sampling.Config{Sampler: sampling.JaegerRemote, RemoteParent: sampling.Ignore}, everyOther{})
	if err != nil {
		t.Fatal(err)
	}
	live := sampling.NewDynamic(s)
	id := traceID(t, "0000000000000002")
	for name, ctx := range map[string]context.Context{"root": context.Background(), "caller": parentContext(id, true, true, "")} {
		p := sdktrace.SamplingParameters{ParentContext: ctx, TraceID: id, Name: "GET /"}
		if got := testing.AllocsPerRun(100, func() { live.ShouldSample(p) }); got != 0 {
			t.Errorf("%s: %v allocations a decision, want 0", name, got)
		}
	}
}

func BenchmarkDecision(b *testing.B) {
	s, _ := sampling.New(sampling.Config{SampleRate: 0.5})
	id := parentContext([16]byte{1}, true, true, "")
	p := sdktrace.SamplingParameters{ParentContext: id, TraceID: [16]byte{1}, Name: "GET /"}
	for name, sampler := range map[string]sdktrace.Sampler{
		"spanroute": sampling.NewDynamic(s),
		"sdk":       sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.5)),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sampler.ShouldSample(p)
			}
		})
	}
}
