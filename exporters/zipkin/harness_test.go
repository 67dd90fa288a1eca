package zipkin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// spanS is the base span of the reference: S as an INTERNAL span.
func spanS(change ...func(*tracetest.SpanStub)) sdktrace.ReadOnlySpan {
	start := time.Unix(1700000000, 123456789)
	traceID := trace.TraceID{0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf}
	s := tracetest.SpanStub{
		Name:        "Op",
		SpanKind:    trace.SpanKindInternal,
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xfe, 1, 2, 3, 4, 5, 6, 7}, TraceFlags: 1}),
		Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: trace.SpanID{0xaa, 0, 0, 0, 0, 0, 0, 1}, TraceFlags: 1}),
		StartTime:   start,
		EndTime:     start.Add(1500),
		Resource:    resource.NewSchemaless(attribute.String("service.name", "MySvc")),
	}
	for _, f := range change {
		f(&s)
	}
	return s.Snapshot()
}

// spansS returns n of them.
func spansS(n int) []sdktrace.ReadOnlySpan {
	out := make([]sdktrace.ReadOnlySpan, n)
	for i := range out {
		out[i] = spanS(func(s *tracetest.SpanStub) {
			s.SpanContext = s.SpanContext.WithSpanID(trace.SpanID{1, 2, 3, 4, 5, byte(i >> 16), byte(i >> 8), byte(i)})
		})
	}
	return out
}

// model is the Zipkin v2 span as a receiver reads it.
type model struct {
	TraceID        string            `json:"traceId"`
	ID             string            `json:"id"`
	ParentID       string            `json:"parentId,omitempty"`
	Name           string            `json:"name,omitempty"`
	Kind           string            `json:"kind,omitempty"`
	Timestamp      int64             `json:"timestamp,omitempty"`
	Duration       int64             `json:"duration,omitempty"`
	LocalEndpoint  *node             `json:"localEndpoint,omitempty"`
	RemoteEndpoint *node             `json:"remoteEndpoint,omitempty"`
	Annotations    []annotation      `json:"annotations,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

type node struct {
	ServiceName string `json:"serviceName,omitempty"`
	IPv4        string `json:"ipv4,omitempty"`
	IPv6        string `json:"ipv6,omitempty"`
	Port        int    `json:"port,omitempty"`
}

type annotation struct {
	Timestamp int64  `json:"timestamp"`
	Value     string `json:"value"`
}

func decode(t testing.TB, body []byte) []model {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields() // debug and shared are never sent
	var out []model
	if err := d.Decode(&out); err != nil {
		t.Fatalf("body is no array of Zipkin spans: %v\n%s", err, body)
	}
	return out
}

// encode is what becomes of spans that fit one payload.
func encode(t testing.TB, e *zipkin.Encoder, spans ...sdktrace.ReadOnlySpan) ([]model, *delivery.Report) {
	t.Helper()
	r := new(delivery.Report)
	payloads := e.Encode(spans, r)
	if len(payloads) != 1 {
		t.Fatalf("%d payloads, want 1", len(payloads))
	}
	return decode(t, zipkin.Body(payloads[0])), r
}

// receiver answers as told and keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   [][]byte
	at       []time.Time
}

// receive starts a receiver; answer runs per request, n counts from 1.
func receive(t testing.TB, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	rc := &receiver{}
	rc.Server = httptest.NewServer(rc.handler(answer))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) handler(answer func(n int, w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rc.mu.Lock()
		rc.requests, rc.bodies, rc.at = append(rc.requests, r), append(rc.bodies, body), append(rc.at, time.Now())
		n := len(rc.requests)
		rc.mu.Unlock()
		answer(n, w, r)
	})
}

func (rc *receiver) count() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return len(rc.requests)
}

func accept(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }

// open builds the exporter as root does, with a batch delay that makes tests quick.
func open(t testing.TB, section map[string]any, change ...func(*registry.BuildContext)) delivery.Destination {
	t.Helper()
	var r registry.Registry
	if err := r.Register(zipkin.Factory); err != nil {
		t.Fatal(err)
	}
	opener, err := r.Prepare("zipkin", section)
	if err != nil {
		t.Fatal(err)
	}
	common := registry.BuildContext{
		Source:   func(string) string { return "app.yaml:3:5" },
		Delivery: delivery.Options{ID: "zipkin", BatchDelay: time.Millisecond, Logger: slog.New(slog.DiscardHandler)},
	}
	for _, f := range change {
		f(&common)
	}
	x, err := opener(context.Background(), common)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		x.Shutdown(ctx)
	})
	return x.(delivery.Destination)
}

// flush exports spans and waits for all to be delivered or dropped.
func flush(t testing.TB, x delivery.Destination, spans ...sdktrace.ReadOnlySpan) delivery.Stats {
	t.Helper()
	if err := x.ExportSpans(context.Background(), spans); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := x.ForceFlush(ctx); err != nil {
		t.Fatal(err)
	}
	return account(t, x)
}

// account returns the accounts and checks that they add up (D1).
func account(t testing.TB, x delivery.Destination) delivery.Stats {
	t.Helper()
	s := x.Stats()
	if s.Ended != s.Delivered+s.DroppedTotal()+s.Queued {
		t.Errorf("accounts do not add up: %+v", s)
	}
	return s
}
