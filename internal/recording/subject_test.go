package recording_test

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// A provider is what the SDK's provider and that of this package have in common.
type provider interface {
	trace.TracerProvider
	RegisterSpanProcessor(sdktrace.SpanProcessor)
	UnregisterSpanProcessor(sdktrace.SpanProcessor)
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// A subject is an implementation under test. The SDK's is the oracle.
type subject struct {
	name string
	open func(recording.Config) provider
}

var (
	oracle = subject{"SDK", func(c recording.Config) provider {
		options := []sdktrace.TracerProviderOption{
			sdktrace.WithSampler(c.Sampler), sdktrace.WithIDGenerator(c.IDGenerator),
			sdktrace.WithRawSpanLimits(c.Limits), sdktrace.WithResource(c.Resource),
		}
		for _, sp := range c.Processors {
			options = append(options, sdktrace.WithSpanProcessor(sp))
		}
		if c.WithoutPanicRecording {
			options = append(options, sdktrace.WithoutPanicRecording())
		}
		return sdktrace.NewTracerProvider(options...)
	}}
	own      = subject{"recording", func(c recording.Config) provider { return recording.New(c) }}
	subjects = []subject{oracle, own}
)

// newConfig returns a configuration with the default limits, whose ids are numbers and whose resource is small.
func newConfig() recording.Config {
	return recording.Config{
		Sampler:     sdktrace.ParentBased(sdktrace.AlwaysSample()),
		IDGenerator: new(countingIDs),
		Limits:      sdktrace.NewSpanLimits(),
		Resource:    resource.NewSchemaless(attribute.String("service.name", "test")),
	}
}

// countingIDs generates the ids 1, 2, 3 and so on.
type countingIDs struct{ traces, spans atomic.Uint64 }

func (g *countingIDs) NewIDs(ctx context.Context) (id trace.TraceID, _ trace.SpanID) {
	binary.BigEndian.PutUint64(id[8:], g.traces.Add(1))
	return id, g.NewSpanID(ctx, id)
}

func (g *countingIDs) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], g.spans.Add(1))
	return id
}

// ended collects the spans that end. It keeps them as a program may, forever.
type ended struct {
	mu      sync.Mutex
	spans   []sdktrace.ReadOnlySpan
	onStart func(context.Context, sdktrace.ReadWriteSpan)
}

func (e *ended) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	if e.onStart != nil {
		e.onStart(ctx, s)
	}
}

func (e *ended) OnEnd(s sdktrace.ReadOnlySpan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans = append(e.spans, s)
}

func (*ended) ForceFlush(context.Context) error { return nil }
func (*ended) Shutdown(context.Context) error   { return nil }

// bothAlike runs a function on all subjects and compares what it returns with what it returns for the oracle.
func bothAlike(t *testing.T, run func(t *testing.T, s subject) string) {
	t.Helper()
	want := run(t, oracle)
	for _, s := range subjects {
		if got := run(t, s); got != want {
			t.Errorf("%s differs from the SDK.\ngot:\n%s\nwant:\n%s", s.name, got, want)
		}
	}
}
