package recording_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	rt "runtime/trace"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/internal/spanrecord"
	"github.com/spanroute/spanroute/internal/undecided"
)

type (
	recordedCall struct{ Text string }
	droppedCall  struct{ Number int }
)

func records(t *testing.T, p *recording.Provider) spanrecord.Starter {
	t.Helper()
	s := p.Tracer("").(spanrecord.Tracer).Records(reflect.TypeFor[recordedCall](), reflect.TypeFor[droppedCall]())
	if s == nil {
		t.Fatal("the tracer does not support records")
	}
	return s
}

// telling is a sampler that describes what it receives in an attribute, and drops spans called "dropped". It has a
// Decide only as tellingBelow.
type telling struct{}

func (telling) Description() string { return "" }
func (s telling) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r, _ := tellingBelow{}.Decide(trace.SpanContextFromContext(p.ParentContext), p)
	return r
}

type tellingBelow struct{ telling }

func (tellingBelow) Decide(parent trace.SpanContext, p sdktrace.SamplingParameters) (sdktrace.SamplingResult, undecided.Trace) {
	r := sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: parent.TraceState()}
	if p.Name == "dropped" {
		r.Decision = sdktrace.Drop
	}
	r.Attributes = []attribute.KeyValue{attribute.String("sampler", fmt.Sprint(parent.SpanID(), parent.IsRemote(), p.TraceID, p.Name, p.Kind))}
	return r, nil
}

// A span of a record is the same as one of Start.
func TestRecordedSpansAreThoseOfStart(t *testing.T) {
	remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{8}, TraceFlags: 1, Remote: true})
	run := func(sampler sdktrace.Sampler, remote trace.SpanContext, inRecord bool) string {
		e := new(ended)
		var begun string
		e.onStart = func(ctx context.Context, s sdktrace.ReadWriteSpan) {
			begun += fmt.Sprint(s.Name(), " below ", trace.SpanContextFromContext(ctx).SpanID(), "; ")
		}
		c := newConfig()
		c.Sampler, c.Processors = sampler, []sdktrace.SpanProcessor{e}
		p := recording.New(c)
		ctx, local := p.Tracer("").Start(context.Background(), "local")
		for _, name := range []string{"work", "dropped"} {
			var span trace.Span
			if inRecord {
				var record any
				record, span = records(t, p).Start(ctx, remote, name, trace.SpanKindServer, time.Time{})
				_, recorded := record.(*recordedCall)
				_, dropped := record.(*droppedCall)
				if recorded != span.IsRecording() || dropped == recorded {
					t.Errorf("%s: the record is a %T", name, record)
				}
			} else {
				parent := ctx
				if remote.IsValid() {
					parent = trace.ContextWithRemoteSpanContext(ctx, remote)
				}
				_, span = p.Tracer("").Start(parent, name, trace.WithSpanKind(trace.SpanKindServer))
			}
			begun += fmt.Sprint(span.SpanContext(), "; ")
			span.SetAttributes(attribute.Int("n", 1))
			span.End()
			span.End()
		}
		local.End()
		for _, s := range e.spans {
			begun += fmt.Sprintln(s.Name(), s.SpanKind(), s.SpanContext(), s.Parent(), s.Attributes(), s.ChildSpanCount(), s.EndTime().Before(s.StartTime()))
		}
		return begun
	}
	for _, parent := range []trace.SpanContext{{}, remote} {
		for _, sampler := range []sdktrace.Sampler{telling{}, tellingBelow{}} {
			if got, want := run(sampler, parent, true), run(sampler, parent, false); got != want {
				t.Errorf("%T, remote parent %t:\n%s\nwant\n%s", sampler, parent.IsValid(), got, want)
			}
		}
	}
}

func TestTracersWithoutRecords(t *testing.T) {
	tracer := func() spanrecord.Starter {
		return recording.New(newConfig()).Tracer("").(spanrecord.Tracer).Records(reflect.TypeFor[recordedCall](), reflect.TypeFor[droppedCall]())
	}
	recording.WithoutSpanKey(func() {
		if tracer() != nil {
			t.Error("a tracer supports records without the span key")
		}
	})
	t.Setenv("OTEL_GO_X_OBSERVABILITY", "true")
	if tracer() != nil {
		t.Error("a tracer with metrics supports records")
	}
}

func TestSpansWithTasksHaveNoRecords(t *testing.T) {
	if err := rt.Start(io.Discard); err != nil {
		t.Fatal(err)
	}
	defer rt.Stop()
	if record, _ := records(t, recording.New(newConfig())).Start(context.Background(), trace.SpanContext{}, "work", trace.SpanKindServer, time.Time{}); record != nil {
		t.Errorf("%T, want nil while the execution tracer is enabled", record)
	}
}
