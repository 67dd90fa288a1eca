package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/console"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Unix(1700000000, 123456789)

// full is a span with something in every field.
func full() tracetest.SpanStub {
	state, _ := trace.ParseTraceState("vendor=abc")
	link := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{2}, SpanID: trace.SpanID{3}})
	return tracetest.SpanStub{
		Name: "GET /users/{id}", SpanKind: trace.SpanKindServer,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{0xff, 1}, SpanID: trace.SpanID{0xfe, 1}, TraceState: state, TraceFlags: trace.FlagsSampled,
		}),
		Parent:    trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xff, 1}, SpanID: trace.SpanID{0xaa}}),
		StartTime: begin, EndTime: begin.Add(1500 * time.Microsecond),
		Attributes: []attribute.KeyValue{
			attribute.String("s", "<a> & \"b\""), attribute.Int("i", math.MinInt64), attribute.Bool("b", true),
			attribute.Float64("f", math.NaN()), attribute.StringSlice("l", []string{"x", "y"}),
			{Key: "m", Value: attribute.MapValue(attribute.Int("k", 1))}, {Key: "bytes", Value: attribute.ByteSliceValue([]byte{0, 255})},
		},
		Events: []sdktrace.Event{
			{Name: "cache miss", Time: begin, Attributes: []attribute.KeyValue{attribute.Int("n", 1)}, DroppedAttributeCount: 2},
			{Name: "bare", Time: begin},
		},
		Links:             []sdktrace.Link{{SpanContext: link, Attributes: []attribute.KeyValue{attribute.String("la", "lv")}, DroppedAttributeCount: 1}},
		Status:            sdktrace.Status{Code: codes.Error, Description: "boom"},
		DroppedAttributes: 3, DroppedEvents: 4, DroppedLinks: 5,
		Resource: resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("host.name", "h")),
		InstrumentationScope: instrumentation.Scope{
			Name: "lib", Version: "1.2", Attributes: attribute.NewSet(attribute.String("sa", "x")),
		},
	}
}

// write exports stubs through the registered factory's code and returns what was written.
func write(t *testing.T, section map[string]any, limit int, stubs ...tracetest.SpanStub) (string, delivery.Stats) {
	t.Helper()
	var out bytes.Buffer
	var known registry.Registry
	if err := known.Register(console.NewFactory(&out)); err != nil {
		t.Fatal(err)
	}
	open, err := known.Prepare("stdout", section)
	if err != nil {
		t.Fatal(err)
	}
	x, err := open(t.Context(), registry.BuildContext{MaxTagValueLength: limit, Delivery: delivery.Options{Logger: slog.New(slog.DiscardHandler)}})
	if err != nil {
		t.Fatal(err)
	}
	var spans tracetest.SpanStubs = stubs
	if err := x.ExportSpans(t.Context(), spans.Snapshots()); err != nil {
		t.Error(err)
	}
	if err := x.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	return out.String(), x.(delivery.Destination).Stats()
}

// The golden files specify the format.
func TestGolden(t *testing.T) {
	t.Parallel()
	bare := tracetest.SpanStub{
		Name: "bare", StartTime: begin, EndTime: begin,
		Resource: resource.NewSchemaless(attribute.String("service.name", "shop")),
	}
	for name, section := range map[string]map[string]any{"lines": nil, "pretty": {"pretty": true}} {
		got, _ := write(t, section, 0, full(), bare)
		file := filepath.Join("testdata", name+".span")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestEveryLineIsJSON(t *testing.T) {
	t.Parallel()
	odd := full()
	odd.SpanContext = trace.SpanContext{}.WithTraceID(trace.TraceID{7}).WithSpanID(trace.SpanID{7})
	odd.Name, odd.EndTime = "bad \xff\n", time.Time{}
	odd.Attributes = append(odd.Attributes, attribute.String("\xfe", "\xff\x00"), attribute.String("", ""))
	odd.Events = []sdktrace.Event{{Name: "\xff"}}
	odd.Status.Description = "\xff"
	text, stats := write(t, nil, 0, odd, tracetest.SpanStub{}, full())
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), text)
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	want := map[delivery.Repair]uint64{"utf8": 1, "value": 2, "duration": 1}
	if diff := cmp.Diff(want, stats.Repaired); diff != "" || stats.Delivered != 3 {
		t.Errorf("delivered %d, repaired (-want +got):\n%s", stats.Delivered, diff)
	}
}

// Every text of a span, in every field that holds one.
func TestTerminalControlsAreEscaped(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"C1": "a\u009b31mb", "DEL": "a\x7fb", "right-to-left override": "a\u202eb", "isolate": "a\u2066b", "zero width": "a\u200bb", "beyond 16 bits": "a\U000e0041b",
	} {
		odd := full()
		odd.Name, odd.Status.Description, odd.Events[0].Name, odd.Links[0].Attributes[0].Key = text, text, text, attribute.Key(text)
		odd.InstrumentationScope.Name, odd.Resource = text, resource.NewSchemaless(attribute.String("service.name", text))
		odd.Attributes = append(odd.Attributes, attribute.String(text, text), attribute.StringSlice("list", []string{text}),
			attribute.KeyValue{Key: "map", Value: attribute.MapValue(attribute.String(text, text))})
		for _, pretty := range []bool{false, true} {
			got, _ := write(t, map[string]any{"pretty": pretty}, 0, odd)
			if i := strings.IndexFunc(got, func(r rune) bool { return !strconv.IsPrint(r) && r != '\n' }); i >= 0 {
				t.Errorf("%s, pretty %t: not printable at %d: %q", name, pretty, i, got[max(0, i-20):i+4])
			}
			var back struct{ Name string }
			if err := json.Unmarshal([]byte(got), &back); err != nil || back.Name != text {
				t.Errorf("%s, pretty %t: name decodes to %q, %v, want %q", name, pretty, back.Name, err, text)
			}
		}
	}
}

func TestMaxTagValueLength(t *testing.T) {
	t.Parallel()
	text, _ := write(t, nil, 5, tracetest.SpanStub{
		Name: "a name longer than that",
		Attributes: []attribute.KeyValue{
			attribute.String("s", "héllo wörld"), attribute.Int("i", 1234567), attribute.StringSlice("l", []string{"abcdef", "g"}),
		},
	})
	var got struct {
		Name       string
		Attributes map[string]any
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "a name longer than that" || got.Attributes["s"] != "héllo" || got.Attributes["i"] != 1234567.0 {
		t.Errorf("got %+v, want the string cut, name and number whole", got)
	}
}

// Spans are shown within 100 ms, however long the batch delay is.
func TestSpansAreShownSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var known registry.Registry
		if err := known.Register(console.NewFactory(&out)); err != nil {
			t.Fatal(err)
		}
		open, err := known.Prepare("console", nil)
		if err != nil {
			t.Fatal(err)
		}
		o := delivery.Options{BatchDelay: time.Hour, Logger: slog.New(slog.DiscardHandler)}
		x, err := open(t.Context(), registry.BuildContext{Delivery: o})
		if err != nil {
			t.Fatal(err)
		}
		_ = x.ExportSpans(t.Context(), tracetest.SpanStubs{full()}.Snapshots())
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if out.Len() == 0 {
			t.Error("nothing is written after 100 ms")
		}
		if err := x.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// broken fails every write.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriterThatFails(t *testing.T) {
	t.Parallel()
	var known registry.Registry
	if err := known.Register(console.NewFactory(broken{})); err != nil {
		t.Fatal(err)
	}
	open, err := known.Prepare("console", nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := open(t.Context(), registry.BuildContext{Delivery: delivery.Options{Logger: slog.New(slog.DiscardHandler)}})
	if err != nil {
		t.Fatal(err)
	}
	q := x.(delivery.Destination)
	q.Enqueue(full().Snapshot())
	if err := q.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := q.Stats(); got.Dropped["rejected"] != 1 || got.LastError != "broken pipe" {
		t.Errorf("stats = %+v, want rejected 1", got)
	}
}

func TestUnknownKeyIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := registry.Default().Prepare("console", map[string]any{"prety": true}); err == nil || !strings.Contains(err.Error(), `"pretty"`) {
		t.Errorf("Prepare = %v, want an error that names pretty", err)
	}
}

func TestConformance(t *testing.T) {
	registrytest.Run(t, console.NewFactory(io.Discard), map[string]any{"pretty": true})
}

func Example() {
	open, err := registry.Default().Prepare("console", nil)
	if err != nil {
		panic(err)
	}
	exporter, err := open(context.Background(), registry.BuildContext{})
	if err != nil {
		panic(err)
	}
	span := tracetest.SpanStub{
		Name: "GET /users/{id}", SpanKind: trace.SpanKindServer,
		StartTime: time.Unix(1700000000, 0), EndTime: time.Unix(1700000000, 1500000),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}),
		Attributes:  []attribute.KeyValue{attribute.Int("http.response.status_code", 200)},
		Resource:    resource.NewSchemaless(attribute.String("service.name", "shop")),
	}
	_ = exporter.ExportSpans(context.Background(), tracetest.SpanStubs{span}.Snapshots())
	_ = exporter.Shutdown(context.Background())
	// Output:
	// {"time":"2023-11-14T22:13:20Z","duration":"1.5ms","trace_id":"01000000000000000000000000000000","span_id":"0200000000000000","name":"GET /users/{id}","kind":"server","service":"shop","attributes":{"http.response.status_code":200}}
}
