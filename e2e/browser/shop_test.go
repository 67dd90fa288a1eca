package browser

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/memory"
)

// A piece describes one span; times are milliseconds.
type piece struct {
	id, parent     uint16
	service, name  string
	from, duration int
	failure        error
	attributes     []attribute.KeyValue
	link           trace.TraceID
}

func spanContext(tid trace.TraceID, id uint16) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: tid, SpanID: trace.SpanID{0: byte(id >> 8), 1: byte(id)}})
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func addTo(store *memory.Store, tid trace.TraceID, pieces ...piece) {
	for _, p := range pieces {
		stub := tracetest.SpanStub{
			Name: p.name, SpanContext: spanContext(tid, p.id), SpanKind: trace.SpanKindServer,
			StartTime: noon.Add(time.Duration(p.from) * time.Millisecond), EndTime: noon.Add(time.Duration(p.from+p.duration) * time.Millisecond),
			Attributes: p.attributes, Resource: resource.NewSchemaless(attribute.String("service.name", p.service), attribute.String("host.name", "h1")),
		}
		if p.parent != 0 {
			stub.Parent = spanContext(tid, p.parent)
		}
		if p.failure != nil {
			stub.Status = sdktrace.Status{Code: codes.Error, Description: p.failure.Error()}
		}
		if p.link.IsValid() {
			stub.Links = []sdktrace.Link{{SpanContext: spanContext(p.link, 1)}}
		}
		store.Add(stub.Snapshot())
	}
}

var (
	checkout = trace.TraceID{15: 1}
	catalog  = trace.TraceID{15: 2}
	large    = trace.TraceID{15: 3}
)

// shop holds a failed trace of three services, an older one that it links to, and one of 10,000 spans.
func shop() *memory.Store {
	store := memory.NewStore(memory.Limits{Spans: 40_000, Bytes: -1})
	for i := range uint16(10_000) {
		p := piece{id: i + 1, parent: i / 4, service: fmt.Sprintf("worker-%d", i%5), name: fmt.Sprintf("step %d", i), from: int(i) / 10, duration: 900 - int(i)/20}
		if i == 7000 {
			p.failure = errors.New("step failed")
		}
		addTo(store, large, p)
	}
	addTo(store, catalog, piece{id: 1, service: "catalog", name: "GET /items", duration: 30})
	declined := errors.New("card declined")
	addTo(store, checkout,
		piece{id: 4, parent: 3, service: "bank", name: "authorize", from: 60, duration: 50, failure: declined, attributes: []attribute.KeyValue{attribute.String("card.brand", "Visa")}, link: catalog},
		piece{id: 3, parent: 1, service: "payment", name: "charge", from: 50, duration: 65, failure: errors.New("charge: card declined")},
		piece{id: 2, parent: 1, service: "shop", name: "reserve", from: 5, duration: 20},
		piece{id: 5, parent: 1, service: "shop", name: "audit", from: 6, duration: 10},
		piece{id: 1, service: "shop", name: "POST /checkout", duration: 120, failure: errors.New("500")},
	)
	return store
}

// outage is a destination in backoff with dropped spans, and one without problems.
func outage() iter.Seq2[string, delivery.Stats] {
	return func(yield func(string, delivery.Stats) bool) {
		_ = yield("otlp", delivery.Stats{Ended: 60, Delivered: 40, Queued: 15, Retries: 3, Dropped: map[delivery.Reason]uint64{delivery.DropQueueFull: 5}, Oldest: noon, Breaker: delivery.BreakerOpen, Since: noon, Next: noon.Add(2 * time.Second), LastError: "connection refused", Hint: "start the collector"}) &&
			yield("memory", delivery.Stats{Ended: 60, Delivered: 60})
	}
}
