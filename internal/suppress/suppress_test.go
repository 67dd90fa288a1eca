package suppress_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
)

func TestContextOfAnExcludedRequest(t *testing.T) {
	state, _ := trace.ParseTraceState("v=1")
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	ctx := suppress.Context(trace.ContextWithRemoteSpanContext(context.Background(), caller))
	got := trace.SpanContextFromContext(ctx)
	if want := caller.WithRemote(false).WithTraceFlags(0); !got.Equal(want) {
		t.Errorf("with a caller: span context %+v, want %+v", got, want)
	}
	if id, ok := suppress.TraceID(ctx); !ok || id != caller.TraceID() {
		t.Errorf("with a caller: mark %s, %t", id, ok)
	}

	first := trace.SpanContextFromContext(suppress.Context(context.Background()))
	second := trace.SpanContextFromContext(suppress.Context(context.Background()))
	if !first.IsValid() || first.IsSampled() || first.IsRemote() || first.TraceID() == second.TraceID() {
		t.Errorf("without a caller: %+v, then %+v; want valid, unsampled, local, fresh ids", first, second)
	}
	if _, ok := suppress.TraceID(context.Background()); ok {
		t.Error("a plain context is marked")
	}
	if trace.SpanFromContext(ctx).IsRecording() {
		t.Error("the span of an excluded request records")
	}
}

func TestContextKeepsCancellationAndValues(t *testing.T) {
	type key struct{}
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "v"))
	child, stop := context.WithCancel(suppress.Context(parent))
	defer stop()
	if child.Value(key{}) != "v" {
		t.Error("a value of the caller's context is lost")
	}
	cancel()
	select {
	case <-child.Done():
	case <-time.After(5 * time.Second):
		t.Error("cancel does not reach through an excluded request")
	}
}
