package registrytest

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

func oddSpans(s *subject) {
	var causes dropCauses
	x := s.openWith(s.valid, slog.New(&causes))
	if x == nil {
		return
	}
	var all []sdktrace.ReadOnlySpan
	for name, stub := range odd() {
		span := stub.Snapshot()
		all = append(all, span)
		_, _ = s.export("export of a span with "+name, x, []sdktrace.ReadOnlySpan{span})
	}
	_, _ = s.export("export of all odd spans", x, all)
	s.flush(x)
	_ = s.shut(x)
	if q, ok := x.(delivery.Destination); ok {
		dropped := q.Stats().Dropped
		for _, reason := range []delivery.Reason{delivery.DropEncode, delivery.DropPanic} {
			if n := dropped[reason]; n > 0 {
				s.faultf("%d of %d odd spans are dropped (%s): %s", n, 2*len(all), reason, causes.of(reason))
			}
		}
	}
}

// dropCauses is a log handler that keeps the first cause of each drop reason. The counts of a destination contain the
// reason only, and its log names the fault of the exporter.
type dropCauses struct {
	mu     sync.Mutex
	causes map[string]string
}

func (d *dropCauses) Enabled(context.Context, slog.Level) bool { return true }

func (d *dropCauses) Handle(_ context.Context, line slog.Record) error {
	attrs := map[string]string{}
	line.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value.String()
		return true
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.causes == nil {
		d.causes = map[string]string{}
	}
	if reason := attrs["reason"]; d.causes[reason] == "" {
		d.causes[reason] = attrs["error"]
	}
	return nil
}

func (d *dropCauses) WithAttrs([]slog.Attr) slog.Handler { return d }
func (d *dropCauses) WithGroup(string) slog.Handler      { return d }

// of returns the first cause of reason, or a general one.
func (d *dropCauses) of(reason delivery.Reason) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if cause := d.causes[string(reason)]; cause != "" {
		return cause
	}
	if reason == delivery.DropPanic {
		return "the sender panics"
	}
	return "the encoder panics, or returns fewer spans in its payloads than it was given"
}

// ordinary returns one span of the usual form.
func ordinary() []sdktrace.ReadOnlySpan {
	return []sdktrace.ReadOnlySpan{stub().Snapshot()}
}

func stub() tracetest.SpanStub {
	start := time.Unix(1700000000, 123456789)
	return tracetest.SpanStub{
		Name: "registrytest",
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1, 15: 2}, SpanID: trace.SpanID{3, 7: 4}, TraceFlags: trace.FlagsSampled,
		}),
		SpanKind:             trace.SpanKindServer,
		StartTime:            start,
		EndTime:              start.Add(time.Millisecond),
		Attributes:           []attribute.KeyValue{attribute.String("a", "b")},
		Resource:             resource.NewSchemaless(attribute.String("service.name", "registrytest")),
		InstrumentationScope: instrumentation.Scope{Name: "registrytest", Version: "1"},
	}
}

// odd returns spans that occur in practice, by what is odd about them.
func odd() map[string]tracetest.SpanStub {
	const bad = "a\xffb\x00\xc3"
	alter := func(f func(*tracetest.SpanStub)) tracetest.SpanStub {
		s := stub()
		f(&s)
		return s
	}
	return map[string]tracetest.SpanStub{
		"nothing set":      {},
		"a nil resource":   alter(func(s *tracetest.SpanStub) { s.Resource = nil }),
		"end before start": alter(func(s *tracetest.SpanStub) { s.EndTime = s.StartTime.Add(-time.Hour) }),
		"no end":           alter(func(s *tracetest.SpanStub) { s.EndTime = time.Time{} }),
		"a start in 1601":  alter(func(s *tracetest.SpanStub) { s.StartTime = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"a 1 MB attribute": alter(func(s *tracetest.SpanStub) {
			s.Attributes = append(s.Attributes, attribute.String("big", strings.Repeat("x", 1<<20)))
		}),
		"NaN and infinities": alter(func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{
				attribute.Float64("nan", math.NaN()), attribute.Float64("inf", math.Inf(1)),
				attribute.Float64Slice("all", []float64{math.NaN(), math.Inf(-1)}),
			}
		}),
		"invalid attributes": alter(func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{{}, attribute.String("", ""), attribute.StringSlice("empty", nil)}
		}),
		"bad UTF-8": alter(func(s *tracetest.SpanStub) {
			s.Name, s.InstrumentationScope.Name = bad, bad
			s.Status = sdktrace.Status{Code: codes.Error, Description: bad}
			s.Attributes = []attribute.KeyValue{attribute.String(bad, bad), attribute.StringSlice("list", []string{bad})}
			s.Events = []sdktrace.Event{{Name: bad, Attributes: s.Attributes}}
			s.Resource = resource.NewSchemaless(attribute.String("service.name", bad), attribute.String(bad, bad))
		}),
		"empty events and links": alter(func(s *tracetest.SpanStub) {
			s.Events, s.Links = []sdktrace.Event{{}}, []sdktrace.Link{{}}
		}),
	}
}
