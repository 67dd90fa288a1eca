package zipkin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	upstream "go.opentelemetry.io/otel/exporters/zipkin"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/zipkin"
)

// usual returns n snapshots of what a server and a client of HTTP make.
func usual(n int) []sdktrace.ReadOnlySpan {
	res := resource.NewSchemaless(
		attribute.String("service.name", "checkout"),
		attribute.String("service.version", "1.4.2"),
		attribute.String("host.name", "node-17"),
		attribute.String("telemetry.sdk.language", "go"),
		attribute.String("telemetry.sdk.name", "opentelemetry"),
		attribute.String("telemetry.sdk.version", "1.47.0"),
	)
	start := time.Unix(1700000000, 123456789)
	var stubs tracetest.SpanStubs
	for i := range n {
		s := tracetest.SpanStub{
			Name: "GET /users/{id}", SpanKind: trace.SpanKindServer, Resource: res,
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, byte(i)}, SpanID: trace.SpanID{2, byte(i >> 8), byte(i)}, TraceFlags: 1}),
			Parent:      trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, byte(i)}, SpanID: trace.SpanID{3}, TraceFlags: 1}),
			StartTime:   start, EndTime: start.Add(1500 * time.Microsecond),
			InstrumentationScope: instrumentation.Scope{Name: "github.com/spanroute/spanroute/mw", Version: "0.1.0"},
			Attributes: []attribute.KeyValue{
				attribute.String("http.request.method", "GET"),
				attribute.String("url.path", fmt.Sprint("/users/", i)),
				attribute.String("url.scheme", "https"),
				attribute.String("server.address", "shop.example.org"),
				attribute.Int("server.port", 443),
				attribute.String("network.protocol.version", "1.1"),
				attribute.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
				attribute.String("http.route", "/users/{id}"),
				attribute.Int("http.response.status_code", 200),
				attribute.String("client.address", "203.0.113.9"),
			},
		}
		if i%4 == 0 {
			s.SpanKind = trace.SpanKindClient
			s.Status = sdktrace.Status{Code: codes.Error, Description: "connection refused"}
			s.Events = []sdktrace.Event{{Name: "exception", Time: start, Attributes: []attribute.KeyValue{
				attribute.String("exception.type", "*net.OpError"), attribute.String("exception.message", "dial tcp: refused"),
			}}}
		}
		stubs = append(stubs, s)
	}
	return stubs.Snapshots()
}

const batch = 512

func BenchmarkEncode(b *testing.B) {
	spans := usual(batch)
	b.Run("spanroute", func(b *testing.B) {
		e, r, encoded := zipkin.NewEncoder(zipkin.Node{}, 0), new(delivery.Report), make([]delivery.EncodedSpan, len(spans))
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = buf[:0]
			for i, span := range spans {
				start := len(buf)
				buf, _ = e.EncodeSpan(buf, span, r)
				encoded[i] = delivery.EncodedSpan{Bytes: buf[start:]}
			}
			e.Pack(encoded, r)
		}
		perSpan(b)
	})
	b.Run("otel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(upstream.SpanModels(spans)); err != nil {
				b.Fatal(err)
			}
		}
		perSpan(b)
	})
}

// BenchmarkExport is the same with the request to a server on loopback.
func BenchmarkExport(b *testing.B) {
	spans := usual(batch)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(202)
	}))
	defer srv.Close()
	b.Run("spanroute", func(b *testing.B) {
		e, s := zipkin.NewEncoder(zipkin.Node{}, 0), zipkin.NewSender(b, srv.URL)
		defer s.Close(context.Background())
		b.ReportAllocs()
		for b.Loop() {
			for _, p := range e.Encode(spans, &delivery.Report{}) {
				if o := s.Send(context.Background(), p); o.Verdict != delivery.Delivered {
					b.Fatal(o)
				}
			}
		}
		perSpan(b)
	})
	b.Run("otel", func(b *testing.B) {
		x, err := upstream.New(srv.URL)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := x.ExportSpans(context.Background(), spans); err != nil {
				b.Fatal(err)
			}
		}
		perSpan(b)
	})
}

func perSpan(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/span")
}
