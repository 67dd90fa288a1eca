package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/e2e/samples"
	"github.com/spanroute/spanroute/mw"
)

// work ends n spans of one trace on 8 goroutines and returns its id.
func work(tracing *spanroute.Tracing, n int) (traceID string) {
	tracer := tracing.TracerProvider().Tracer("e2e")
	ctx, root := tracer.Start(context.Background(), "root")
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := g; i < n-1; i += 8 {
				_, span := tracer.Start(ctx, "work")
				span.End()
			}
		})
	}
	running.Wait()
	root.End()
	return root.SpanContext().TraceID().String()
}

// TestShutdownDelivers ends a busy program over every transport: Shutdown alone, without a flush, delivers all.
func TestShutdownDelivers(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			n := 1500
			if strings.Contains(tr.name, "udp") {
				n = 400 // fits a receive buffer, so a receiver that does not get to run loses nothing
			}
			tracing := start(t, "tracing: {sample_rate: 1, "+strings.TrimPrefix(tr.file, "{"))
			traceID := work(tracing, n)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := tracing.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			delivered(t, tracing)
			got, err := tr.count(t.Context(), traceID, n)
			if err != nil || got != n {
				t.Errorf("%d spans stored (%v), want %d", got, err, n)
			}
		})
	}
}

// TestDeadDestination sends to two destinations one of which is unreachable: the other receives all spans, the spans of the unreachable one
// are counted, and Shutdown keeps to its context and names it.
func TestDeadDestination(t *testing.T) {
	const n = 1500
	tracing := start(t, fmt.Sprintf(`tracing: {exporter_type: "zipkin,otlp", sample_rate: 1, batch: {schedule_delay: 10ms}, zipkin: {endpoint: "http://%s"}, otlp: {endpoint: "http://%s"}}`,
		unused(t), collector.OTLPGRPC()))
	traceID := work(tracing, n)
	if got, err := collector.Count(t.Context(), traceID, n); err != nil || got != n {
		t.Errorf("%d spans stored (%v), want %d", got, err, n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := tracing.Shutdown(ctx)
	if err == nil || !strings.Contains(err.Error(), "zipkin") || strings.Contains(err.Error(), "otlp") {
		t.Errorf("Shutdown returned %v, want an error that names zipkin alone", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Shutdown took %v, its context ended after 500ms", took)
	}
	dead, live := tracing.Stats().Exporters[0], tracing.Stats().Exporters[1]
	if dead.Dropped["shutdown"] != n || dead.Delivered != 0 {
		t.Errorf("zipkin: %d delivered, dropped %v, want %d at shutdown", dead.Delivered, dead.Dropped, n)
	}
	if live.Delivered != n {
		t.Errorf("otlp: %d delivered, dropped %v, want %d", live.Delivered, live.Dropped, n)
	}
}

// unused returns an address where nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestTwoServices is a request that crosses two services with different exporters: Jaeger shows one trace.
func TestTwoServices(t *testing.T) {
	back, backRecord := halfOfShop(t, "back", "zipkin")
	stock := chi.NewRouter()
	stock.Use(mw.New(mw.With(back)))
	stock.Get("/stock/{id}", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	backend := httptest.NewServer(stock)
	t.Cleanup(backend.Close)

	front, frontRecord := halfOfShop(t, "front", "otlp")
	client := &http.Client{Transport: mw.NewTransport(http.DefaultTransport.(*http.Transport).Clone(), mw.With(front))}
	orders := chi.NewRouter()
	orders.Use(mw.New(mw.With(front)))
	orders.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		inner, err := http.NewRequestWithContext(r.Context(), http.MethodGet, backend.URL+"/stock/7", nil)
		if err == nil {
			var response *http.Response
			if response, err = client.Do(inner); err == nil {
				err = response.Body.Close()
			}
		}
		answer(w, err)
	})
	api := httptest.NewServer(orders)
	t.Cleanup(api.Close)

	traceID := samples.NewTraceID().String()
	request(t, http.MethodGet, api.URL+"/orders/7", "00-"+traceID+"-aa00000000000001-01", "vendor=abc")
	frontRecord.await(t, traceID, 2)
	backRecord.await(t, traceID, 1)
	frontRecord.flush(t, front)
	backRecord.flush(t, back)
	got, err := jaeger.Trace(t.Context(), traceID, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /orders/{id} server < aa00000000000001", "GET client < GET /orders/{id}", "GET /stock/{id} server < GET"}
	if diff := cmp.Diff(want, lineage(got)); diff != "" {
		t.Errorf("the tree of the trace (-want +got):\n%s", diff)
	}
	services := map[string]string{}
	for _, s := range got {
		services[s.Name] = s.Service
	}
	if diff := cmp.Diff(map[string]string{"GET /orders/{id}": "front", "GET": "front", "GET /stock/{id}": "back"}, services); diff != "" {
		t.Errorf("services of the spans (-want +got):\n%s", diff)
	}
}

func halfOfShop(t *testing.T, name, exporter string) (*spanroute.Tracing, *seen) {
	t.Helper()
	record := new(seen)
	return start(t, fmt.Sprintf(shopFile, exporter, name), spanroute.WithSpanProcessor(record)), record
}

// TestUnsampledLeavesNothing propagates a caller's decision not to sample to the receiver.
func TestUnsampledLeavesNothing(t *testing.T) {
	tracing := start(t, "tracing: {exporter_type: otlp, sample_rate: 1}")
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: samples.NewTraceID(), SpanID: trace.SpanID{1}, Remote: true})
	_, span := tracing.TracerProvider().Tracer("e2e").Start(trace.ContextWithSpanContext(t.Context(), parent), "unsampled")
	span.End()
	flush(t, tracing)
	if s := tracing.Stats().Exporters[0]; s.Ended != 0 {
		t.Errorf("%d spans of an unsampled trace were given to the exporter", s.Ended)
	}
}
