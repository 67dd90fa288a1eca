package spanroute_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/mw"
	"github.com/spanroute/spanroute/registry"
)

// shelf is a payload of unencoded spans, so that a full queue keeps only its spans alive.
type shelf []sdktrace.ReadOnlySpan

func (s shelf) Spans() int { return len(s) }
func (s shelf) Size() int  { return 0 }

type shelver struct{}

func (shelver) Encode(list []sdktrace.ReadOnlySpan, _ *delivery.Report) []shelf { return []shelf{list} }
func (shelver) Split(s shelf) (a, b shelf, ok bool)                             { return s, nil, false }

// silent is a receiver that never answers.
type silent struct{}

func (silent) Send(ctx context.Context, _ shelf) delivery.Outcome {
	<-ctx.Done()
	return delivery.Outcome{Verdict: delivery.Retry}
}
func (silent) Close(context.Context) error { return nil }

// silentExporters registers two exporters whose receivers never answer: "silent" with the queue of
// delivery.New, "foreign" with that of delivery.Wrap.
func silentExporters(t *testing.T) *registry.Registry {
	t.Helper()
	r := new(registry.Registry)
	none := func() struct{} { return struct{}{} }
	for _, f := range []registry.Factory{
		registry.NewFactory("silent", none, func(_ context.Context, c registry.BuildContext, _ struct{}) (sdktrace.SpanExporter, error) {
			return delivery.New(shelver{}, silent{}, c.Delivery), nil
		}),
		registry.NewFactory("foreign", none, func(context.Context, registry.BuildContext, struct{}) (sdktrace.SpanExporter, error) {
			return mute{}, nil
		}),
	} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// mute is an exporter without a queue whose receiver never answers.
type mute struct{}

func (mute) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}
func (mute) Shutdown(context.Context) error { return nil }

// fresh returns a text of n bytes that no other value refers to.
func fresh(n int) string { return strings.Clone(strings.Repeat("x", n)) }

// caller returns the context of a request with the given tracestate header.
func caller(state string) context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{
		"traceparent": "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01", "tracestate": state,
	})
}

// linked returns a link to the span of a message with the given tracestate header.
func linked(state string, attributes ...attribute.KeyValue) trace.Link {
	return trace.Link{SpanContext: trace.SpanContextFromContext(caller(state)), Attributes: attributes}
}

func texts(n, size int) (list []string) {
	for range n {
		list = append(list, fresh(size))
	}
	return list
}

func attributes(n, size int) (list []attribute.KeyValue) {
	for i := range n {
		list = append(list, attribute.String(fmt.Sprint("key.", i), fresh(size)))
	}
	return list
}

// states returns a tracestate of n members.
func states(n, size int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("k%d=%s", i, fresh(size)))
	}
	return strings.Join(list, ",")
}

// record records one span and calls set with it.
func record(ctx context.Context, tracer trace.Tracer, name string, set func(trace.Span), opts ...trace.SpanStartOption) {
	_, s := tracer.Start(ctx, name, opts...)
	if set != nil {
		set(s)
	}
	s.End()
}

// with returns a function that records a span whose only attribute has this value.
func with(value func(size int) attribute.Value) func(trace.Tracer, int) {
	return func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			s.SetAttributes(attribute.KeyValue{Key: "k", Value: value(size)})
		})
	}
}

// heapRows are spans with one large field each, and mixtures.
var heapRows = []struct {
	name  string
	sizes []int
	end   func(tracer trace.Tracer, size int)
}{
	{"bare", []int{0}, func(tracer trace.Tracer, _ int) { record(context.Background(), tracer, "work", nil) }},
	{"name", nil, func(tracer trace.Tracer, size int) { record(context.Background(), tracer, fresh(size), nil) }},
	{"status", nil, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) { s.SetStatus(codes.Error, fresh(size)) })
	}},
	{"key", nil, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) { s.SetAttributes(attribute.Bool(fresh(size), true)) })
	}},
	{"text", nil, with(func(size int) attribute.Value { return attribute.StringValue(fresh(size)) })},
	{"bytes", nil, with(func(size int) attribute.Value { return attribute.ByteSliceValue(make([]byte, size)) })},
	{"bools", nil, with(func(size int) attribute.Value { return attribute.BoolSliceValue(make([]bool, size)) })},
	{"ints", nil, with(func(size int) attribute.Value { return attribute.Int64SliceValue(make([]int64, size/8)) })},
	{"floats", nil, with(func(size int) attribute.Value { return attribute.Float64SliceValue(make([]float64, size/8)) })},
	{"one text in a list", nil, with(func(size int) attribute.Value { return attribute.StringSliceValue(texts(1, size)) })},
	{"texts", nil, with(func(size int) attribute.Value { return attribute.StringSliceValue(texts(7, size/7)) })},
	{"values", nil, with(func(size int) attribute.Value {
		return attribute.SliceValue(attribute.StringValue(fresh(size/2)), attribute.SliceValue(attribute.StringValue(fresh(size/2))))
	})},
	{"map", nil, with(func(size int) attribute.Value { return attribute.MapValue(attributes(3, size/3)...) })},
	{"attributes of an ordinary request", []int{10, 40, 200}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "GET /users/{id}", func(s trace.Span) { s.SetAttributes(attributes(12, size)...) })
	}},
	{"attributes set one by one", []int{10, 200}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			for _, kv := range attributes(17, size) {
				s.SetAttributes(kv)
			}
		})
	}},
	{"one attribute set a hundred times", []int{10}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			for range 100 {
				s.SetAttributes(attribute.String("k", fresh(size)))
			}
		})
	}},
	{"event", nil, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			s.AddEvent(fresh(size/2), trace.WithAttributes(attributes(2, size/4)...))
		})
	}},
	{"many events", []int{10, 200}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			for range 20 {
				s.AddEvent("e", trace.WithAttributes(attributes(2, size)...))
			}
		})
	}},
	{"event with more attributes than the limit", []int{10, 1000}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", func(s trace.Span) {
			s.AddEvent("e", trace.WithAttributes(attributes(1000, size)...))
		})
	}},
	{"link", nil, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", nil, trace.WithLinks(linked("", attributes(2, size/2)...)))
	}},
	{"link with more attributes than the limit", []int{10, 1000}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", nil, trace.WithLinks(linked("", attributes(1000, size)...)))
	}},
	{"link with the first of many attributes", []int{10, 1000}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", nil, trace.WithLinks(linked("", attributes(100, size)[:1]...)))
	}},
	{"links with tracestate", []int{10, 200}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", nil, trace.WithLinks(linked(states(32, size)), linked(states(3, size))))
	}},
	{"link with a padded tracestate", []int{1000, 10_000}, func(tracer trace.Tracer, size int) {
		record(context.Background(), tracer, "work", nil, trace.WithLinks(linked(strings.Repeat(",", size)+"a=1")))
	}},
	{"tracestate of a caller", []int{1, 10, 200}, func(tracer trace.Tracer, size int) {
		record(caller(states(32, size)), tracer, "work", nil)
	}},
	{"tracestate of one member", []int{10, 200}, func(tracer trace.Tracer, size int) {
		record(caller(states(1, size)), tracer, "work", nil)
	}},
	{"padded tracestate of a caller", []int{1000, 10_000}, func(tracer trace.Tracer, size int) {
		record(caller("a=1"+strings.Repeat(",", size)), tracer, "work", nil)
	}},
	{"mixture", []int{10, 100, 1000, 10_000, 100_000}, func(tracer trace.Tracer, size int) {
		record(caller(states(4, min(size, 200))), tracer, fresh(size/10), func(s trace.Span) {
			s.SetAttributes(append(attributes(5, size/5), attribute.StringSlice("list", texts(9, size/9)))...)
			s.AddEvent("e", trace.WithAttributes(attributes(3, size/3)...))
			s.SetStatus(codes.Error, fresh(size/4))
		}, trace.WithLinks(linked(states(2, min(size, 200)), attributes(1, size)...)))
	}},
}

// cutRows are spans whose large attribute is truncated to max_tag_value_length.
var cutRows = []struct {
	name string
	end  func(tracer trace.Tracer, size int)
}{
	{"text", with(func(size int) attribute.Value { return attribute.StringValue(fresh(size)) })},
	{"text that is not UTF-8", with(func(size int) attribute.Value {
		return attribute.StringValue("a" + strings.Repeat("\xff", size))
	})},
	{"text of wide characters", with(func(size int) attribute.Value { return attribute.StringValue(strings.Repeat("ü", size/2)) })},
	{"bytes", with(func(size int) attribute.Value { return attribute.ByteSliceValue(make([]byte, size)) })},
	{"texts", with(func(size int) attribute.Value { return attribute.StringSliceValue(texts(4, size/4)) })},
	{"values", with(func(size int) attribute.Value {
		return attribute.SliceValue(attribute.StringValue(fresh(size/2)), attribute.SliceValue(attribute.StringValue(fresh(size/2))))
	})},
	{"map", with(func(size int) attribute.Value { return attribute.MapValue(attributes(3, size/3)...) })},
}

// heap returns the size of the reachable heap. The second collection frees the contents of pools.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fill starts a Tracing whose receiver never answers, ends spans until the queue is full, and returns the number of bytes
// that the queued spans keep alive.
func fill(t *testing.T, exporter string, queue int64, section map[string]any, end func(trace.Tracer)) int64 {
	t.Helper()
	section["exporter_type"], section["sample_rate"] = exporter, 1
	section["delivery"] = map[string]any{"queue_bytes": queue}
	tracing, err := spanroute.Start(t.Context(), load(t, silentExporters(t), section), spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = tracing.Shutdown(ctx)
		balanced(t, tracing)
	}()
	tracer := tracing.TracerProvider().Tracer("test")
	before := heap()
	for tracing.Stats().Exporters[0].Dropped[delivery.DropQueueFull] == 0 {
		for range 10 {
			end(tracer)
		}
		if n := tracing.Stats().Exporters[0].Ended; n > 1_000_000 || n%1000 == 0 && heap()-before > 4*queue {
			break // the test fails; do not use up the memory
		}
	}
	kept := heap() - before
	runtime.KeepAlive(tracing)
	return kept
}

// checkCharge fails the test unless the kept bytes are within 30 % of the charged bytes.
func checkCharge(t *testing.T, kept, charged int64) {
	t.Helper()
	if ratio := float64(kept) / float64(charged); ratio < 0.7 || ratio > 1.3 {
		t.Errorf("%d bytes are kept for %d that are charged: %.2f times, want 0.7 to 1.3", kept, charged, ratio)
	}
}

// A full queue keeps about as many bytes alive as its spans are charged, whichever field of a span is large.
func TestQueueChargesWhatSpansKeepAlive(t *testing.T) {
	for _, exporter := range []string{"silent", "foreign"} {
		for _, row := range heapRows {
			sizes := row.sizes
			switch {
			case exporter == "foreign" && row.name != "mixture": // the queue is the same
				continue
			case sizes == nil:
				sizes = []int{10, 300, 5000, 70_000, 1 << 20}
			}
			for _, size := range sizes {
				t.Run(fmt.Sprintf("%s, %s of %d", exporter, row.name, size), func(t *testing.T) {
					queue := int64(512 << 10)
					switch {
					case size >= 1<<20:
						queue = 12 << 20
					case size > 10_000 && !strings.Contains(row.name, "padded"):
						queue = 2 << 20
					}
					section := map[string]any{"batch": map[string]any{"max_queue_size": 1 << 20}}
					kept := fill(t, exporter, queue, section, func(tracer trace.Tracer) { row.end(tracer, size) })
					checkCharge(t, kept, queue)
				})
			}
		}
	}
}

// A truncated value is charged its new length, and the rest of the value is not kept alive.
func TestQueueReleasesTheRestOfATruncatedValue(t *testing.T) {
	for _, limit := range []int{0, 16, 256} {
		for _, row := range cutRows {
			t.Run(fmt.Sprintf("%s cut to %d", row.name, limit), func(t *testing.T) {
				const queue = 512 << 10
				section := map[string]any{"max_tag_value_length": limit}
				size := 10_000 // with limit 0, nothing is truncated
				checkCharge(t, fill(t, "silent", queue, section, func(tracer trace.Tracer) { row.end(tracer, size) }), queue)
			})
		}
	}
}

// 10,000 requests whose traces are undecided, each with three ended spans below the server span, need at most 64 MiB of heap more than
// the same requests without the middleware.
func TestUndecidedRequestsAreSmall(t *testing.T) {
	const requests = 10_000
	tracing := startHeld(t)
	tracer := tracing.TracerProvider().Tracer("test")
	open := func(middleware func(http.Handler) http.Handler) (grown int64) {
		var begun, ended sync.WaitGroup
		release := make(chan struct{})
		handler := middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for range 3 {
				_, s := tracer.Start(r.Context(), "SELECT orders", trace.WithSpanKind(trace.SpanKindClient))
				s.SetAttributes(attribute.String("db.system.name", "postgresql"), attribute.String("db.query.text", "SELECT * FROM orders WHERE id = ?"),
					attribute.String("db.collection.name", "orders"), attribute.String("server.address", "db"), attribute.Int("server.port", 5432))
				s.End()
			}
			begun.Done()
			<-release
		}))
		begun.Add(requests)
		before := heap()
		for i := range requests {
			ended.Go(func() {
				r := httptest.NewRequestWithContext(context.Background(), "GET", fmt.Sprintf("/orders/%d?page=1", i), nil)
				r.Header.Set("User-Agent", "test/1.0")
				handler.ServeHTTP(httptest.NewRecorder(), r)
			})
		}
		begun.Wait()
		grown = heap() - before
		close(release)
		ended.Wait()
		return grown
	}
	untraced := open(func(h http.Handler) http.Handler { return h })
	traced := open(mw.New(mw.With(tracing)))
	// Without the middleware, each of the three spans is a local trace.
	if held := tracing.Stats().Sampling.Held; held.Evicted > 0 || held.Dropped != 4*requests {
		t.Errorf("held: %+v", held)
	}
	if more := traced - untraced; more > 64<<20 {
		t.Errorf("%d MiB for %d undecided requests, want at most 64", more>>20, requests)
	}
}

// startHeld starts tracing that leaves each trace undecided until its end.
func startHeld(t *testing.T) *spanroute.Tracing {
	t.Helper()
	cfg := load(t, silentExporters(t), map[string]any{
		"exporter_type": "silent", "sample_rate": 0, "sampling": map[string]any{"keep": map[string]any{"errors": true}},
	})
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracing.Shutdown(context.Background()) })
	return tracing
}
