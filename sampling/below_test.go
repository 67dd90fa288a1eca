package sampling_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/sampling"
)

// A parent that is passed separately counts as one in the context, for samplers of this package and for others.
func TestParentOutsideOfTheContext(t *testing.T) {
	for _, name := range append(sampling.Samplers(), "another") {
		s := sdktrace.ParentBased(sdktrace.NeverSample())
		if name != "another" {
			var err error
			if s, err = sampling.NewRemote(sampling.Config{Sampler: name}, everyOther{}); err != nil {
				t.Fatal(err)
			}
		}
		d := sampling.NewDynamic(s)
		for _, flags := range []trace.TraceFlags{0, trace.FlagsSampled} {
			state, _ := trace.ParseTraceState("v=1")
			parent := trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{0: 1, 15: 0xff}, SpanID: trace.SpanID{2}, TraceFlags: flags, TraceState: state, Remote: true,
			})
			p := sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: parent.TraceID()}
			got, _ := d.Decide(parent, p)
			p.ParentContext = trace.ContextWithRemoteSpanContext(p.ParentContext, parent)
			want := d.ShouldSample(p)
			if got.Decision != want.Decision || got.Tracestate.String() != want.Tracestate.String() {
				t.Errorf("%s, flags %v: %+v, want %+v", name, flags, got, want)
			}
		}
	}
}
