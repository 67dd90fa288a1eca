package sampling_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
	"github.com/spanroute/spanroute/sampling"
)

// keptOf returns how many of n spans with the parent of ctx and the trace id id are kept.
func keptOf(n int, s sdktrace.Sampler, ctx context.Context, id trace.TraceID) (kept int) {
	for range n {
		if keeps(s, ctx, id) {
			kept++
		}
	}
	return kept
}

func TestRemoteParentIgnored(t *testing.T) {
	// The caller chooses the trace id: the first is kept by every ratio above 0, the last by none below 1.
	low, high := traceID(t, "0000000000000001"), traceID(t, "ffffffffffffffff")
	const n = 2000
	all, none, half := [2]int{n, n}, [2]int{0, 0}, [2]int{n/2 - 200, n/2 + 200} // nine standard deviations
	remote := func(id trace.TraceID, sampled bool) context.Context { return parentContext(id, true, sampled, "") }
	local := func(id trace.TraceID, sampled bool) context.Context { return parentContext(id, false, sampled, "") }
	tests := []struct {
		name    string
		sampler string
		rate    float64
		ctx     context.Context
		id      trace.TraceID
		want    [2]int // bounds
	}{
		{"parentbased_traceidratio, rate 0, sampled caller", sampling.ParentBasedTraceIDRatio, 0, remote(low, true), low, none},
		{"parentbased_traceidratio, rate 1, unsampled caller", sampling.ParentBasedTraceIDRatio, 1, remote(high, false), high, all},
		{"parentbased_traceidratio, chosen id that is always kept", sampling.ParentBasedTraceIDRatio, 0.5, remote(low, true), low, half},
		{"parentbased_traceidratio, chosen id that is never kept", sampling.ParentBasedTraceIDRatio, 0.5, remote(high, false), high, half},
		{"traceidratio, rate 0, chosen id", sampling.TraceIDRatio, 0, remote(low, true), low, none},
		{"traceidratio, chosen id that is always kept", sampling.TraceIDRatio, 0.5, remote(low, true), low, half},
		{"traceidratio, chosen id that is never kept", sampling.TraceIDRatio, 0.5, remote(high, true), high, half},
		{"parentbased_always_on, unsampled caller", sampling.ParentBasedAlwaysOn, 0, remote(low, false), low, all},
		{"parentbased_always_off, sampled caller", sampling.ParentBasedAlwaysOff, 1, remote(low, true), low, none},
		{"always_on, unsampled caller", sampling.AlwaysOn, 0, remote(high, false), high, all},
		{"always_off, sampled caller", sampling.AlwaysOff, 1, remote(low, true), low, none},
		{"excluded request", sampling.AlwaysOn, 1, suppress.Context(remote(low, true)), low, none},
		{"root, by its trace id", sampling.TraceIDRatio, 0.5, context.Background(), low, all},
		{"parentbased_traceidratio, local sampled parent", sampling.ParentBasedTraceIDRatio, 0, local(high, true), high, all},
		{"parentbased_traceidratio, local unsampled parent", sampling.ParentBasedTraceIDRatio, 1, local(low, false), low, none},
		{"traceidratio, local sampled parent in a chosen trace", sampling.TraceIDRatio, 0.5, local(high, true), high, all},
		{"traceidratio, local unsampled parent in a chosen trace", sampling.TraceIDRatio, 0.5, local(low, false), low, none},
		{"always_on, local unsampled parent", sampling.AlwaysOn, 0, local(high, false), high, all},
		{"always_off, local sampled parent", sampling.AlwaysOff, 1, local(low, true), low, none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := sampling.New(sampling.Config{Sampler: tt.sampler, SampleRate: tt.rate, RemoteParent: sampling.Ignore})
			if err != nil {
				t.Fatal(err)
			}
			if got := keptOf(n, s, tt.ctx, tt.id); got < tt.want[0] || got > tt.want[1] {
				t.Errorf("%s keeps %d of %d, want %d to %d", s.Description(), got, n, tt.want[0], tt.want[1])
			}
		})
	}
}

func TestRemoteParentIgnoredKeepsTheTrace(t *testing.T) {
	s, err := sampling.New(sampling.Config{SampleRate: 1, RemoteParent: sampling.Ignore})
	if err != nil {
		t.Fatal(err)
	}
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSampler(s)).Tracer("test")
	id := traceID(t, "0000000000000001")
	ctx, span := tracer.Start(parentContext(id, true, false, "v=1"), "entry")
	_, child := tracer.Start(ctx, "child")
	for _, s := range []trace.Span{span, child} {
		if sc := s.SpanContext(); sc.TraceID() != id || !sc.IsSampled() || sc.TraceState().String() != "v=1" {
			t.Errorf("span context %v, want sampled, in the caller's trace, with its tracestate", sc)
		}
	}
	if parent := span.(sdktrace.ReadOnlySpan).Parent(); !parent.IsRemote() || parent.SpanID() != (trace.SpanID{1}) {
		t.Errorf("parent %v, want the caller's span", parent)
	}
}

func TestRemoteParentDescriptions(t *testing.T) {
	for want, c := range map[string]sampling.Config{
		"spanroute{parentbased_traceidratio,rate=0.1}":                                     {SampleRate: 0.1, RemoteParent: sampling.Respect},
		"spanroute{parentbased_traceidratio,rate=0.1,remote_parent=ignore}":                {SampleRate: 0.1, RemoteParent: sampling.Ignore},
		"spanroute{parentbased_traceidratio,rate=0.1,remote_parent=ignore,dropped=record}": {SampleRate: 0.1, RemoteParent: sampling.Ignore, Dropped: sampling.Record},
	} {
		s, err := sampling.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Description(); got != want {
			t.Errorf("Description() = %q, want %q", got, want)
		}
	}
}
