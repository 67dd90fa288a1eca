//go:build !race

package jaegerremote_test

import (
	"context"
	"fmt"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// manyOperations is a response with 200 operations, both bounds and the operation "GET /".
func manyOperations() string {
	rates := map[string]float64{"GET /": 0.5}
	for i := range 199 {
		rates[fmt.Sprint("GET /", i)] = 0.25
	}
	return perOperation(0.1, 1, 1e6, rates)
}

func TestDecisionDoesNotAllocate(t *testing.T) {
	operations, _ := newSampler(t, manyOperations())
	limited, _ := newSampler(t, rateLimit(5))
	probability, _ := newSampler(t, `{"probabilisticSampling":{"samplingRate":0.5}}`)
	for name, tt := range map[string]struct {
		s         *jaegerremote.Sampler
		operation string
	}{
		"listed operation":   {operations, "GET /"},
		"observed operation": {operations, "GET /observed"},
		"rate limit":         {limited, "GET /"},
		"probability":        {probability, "GET /"},
	} {
		for _, id := range [][16]byte{low, high} {
			p := sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: id, Name: tt.operation}
			tt.s.ShouldSample(p)
			if got := testing.AllocsPerRun(100, func() { tt.s.ShouldSample(p) }); got != 0 {
				t.Errorf("%s, trace id %x: %v allocations a decision, want 0", name, id[8:], got)
			}
		}
	}
	full, _ := newSampler(t, manyOperations(), maxOperations(1))
	names := []string{"a", "b", "c", "d"}
	if got := testing.AllocsPerRun(100, func() {
		for _, name := range names {
			full.Decide(high, name)
		}
	}); got != 0 {
		t.Errorf("operations above the maximum: %v allocations, want 0", got)
	}
}

func BenchmarkDecision(b *testing.B) {
	operations, _ := newSampler(b, manyOperations())
	probability, _ := newSampler(b, `{"probabilisticSampling":{"samplingRate":0.5}}`)
	for name, s := range map[string]sdktrace.Sampler{
		"per operation": operations, "probability": probability, "sampling.Ratio": sampling.Ratio(0.5),
	} {
		p := sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: low, Name: "GET /"}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.ShouldSample(p)
			}
		})
	}
}
