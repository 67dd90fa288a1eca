package recording_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime/trace"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/recording"
)

// A span that loses something to a limit is logged, once for each kind of loss, as by the SDK.
func TestLimitsAreLogged(t *testing.T) {
	bothAlike(t, func(t *testing.T, s subject) string {
		c := newConfig()
		c.Limits.AttributeCountLimit, c.Limits.EventCountLimit, c.Limits.LinkCountLimit = 1, 1, 1
		tracer := s.open(c).Tracer("test")
		var log strings.Builder
		logger := funcr.New(func(_, args string) { fmt.Fprintln(&log, args) }, funcr.Options{Verbosity: 1})
		otel.SetLogger(logger)
		defer otel.SetLogger(funcr.New(func(string, string) {}, funcr.Options{}))
		_, span := tracer.Start(context.Background(), "work")
		for range 3 {
			span.SetAttributes(attribute.Int("a", 1), attribute.Int("b", 1))
			span.AddEvent("event")
			span.AddLink(oteltrace.Link{SpanContext: callerOf(0, "")})
		}
		span.End()
		if n := strings.Count(log.String(), "limit reached"); n != 3 {
			t.Errorf("%s: %d warnings, want 3:\n%s", s.name, n, log.String())
		}
		return log.String()
	})
}

// While the execution tracer is on, each span is a task.
func TestSpansAreTasksOfTheExecutionTracer(t *testing.T) {
	var out bytes.Buffer
	if err := trace.Start(&out); err != nil {
		t.Fatal(err)
	}
	tracer := recording.New(newConfig()).Tracer("test")
	ctx, span := tracer.Start(context.Background(), "a task that is recorded")
	_, child := tracer.Start(ctx, "a task below it")
	if got := oteltrace.SpanFromContext(ctx); got != span {
		t.Errorf("the context has %v, want the span", got)
	}
	child.End()
	span.End()
	span.End()
	trace.Stop()
	for _, name := range []string{"a task that is recorded", "a task below it"} {
		if !bytes.Contains(out.Bytes(), []byte(name)) {
			t.Errorf("the trace has no task %q", name)
		}
	}
}

// meters counts what is added to its instruments.
type meters struct {
	noop.MeterProvider
	counts map[string]int64
}

func (m *meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{m: m} }

type meter struct {
	noop.Meter
	m *meters
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return counter{name: name, m: m.m}, nil
}

func (m meter) Int64UpDownCounter(name string, _ ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	return upDown{name: name, m: m.m}, nil
}

type counter struct {
	noop.Int64Counter
	name string
	m    *meters
}

func (counter) Enabled(context.Context) bool { return true }

func (c counter) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	c.m.add(ctx, c.name, n, options)
}

type upDown struct {
	noop.Int64UpDownCounter
	name string
	m    *meters
}

func (upDown) Enabled(context.Context) bool { return true }

func (c upDown) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	c.m.add(ctx, fmt.Sprintf("%s %+d", c.name, n), 1, options)
}

func (m *meters) add(ctx context.Context, name string, n int64, options []metric.AddOption) {
	set := metric.NewAddConfig(options).Attributes()
	m.counts[fmt.Sprintf("%s %s, span in context %v", name, set.Encoded(attribute.DefaultEncoder()), oteltrace.SpanFromContext(ctx).SpanContext().IsValid())] += n
}

// The metrics of the SDK about itself are those of the SDK.
func TestMetricsAboutSpans(t *testing.T) {
	t.Setenv("OTEL_GO_X_OBSERVABILITY", "True")
	before := otel.GetMeterProvider()
	defer otel.SetMeterProvider(before)
	bothAlike(t, func(t *testing.T, s subject) string {
		m := &meters{counts: make(map[string]int64)}
		otel.SetMeterProvider(m)
		c := newConfig()
		c.Sampler = nameSampler{}
		c.Processors = []sdktrace.SpanProcessor{new(ended)}
		tracer := s.open(c).Tracer("test")
		for _, name := range []string{"drop", "record", "sample"} {
			for _, ctx := range []context.Context{context.Background(), remote(0, ""), oteltrace.ContextWithSpanContext(context.Background(), callerOf(1, ""))} {
				_, span := tracer.Start(ctx, name)
				if name != "record" {
					span.End()
					span.End()
				}
			}
		}
		if len(m.counts) != 12 {
			t.Errorf("%s: %d series, want 9 of spans started, 2 of spans that live, 1 of spans that ended", s.name, len(m.counts))
		}
		var lines []string
		for _, key := range slices.Sorted(maps.Keys(m.counts)) {
			lines = append(lines, fmt.Sprint(key, ": ", m.counts[key]))
		}
		return strings.Join(lines, "\n")
	})
}
