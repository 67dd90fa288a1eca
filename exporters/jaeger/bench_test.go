package jaeger_test

import (
	"context"
	"net"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// usual are spans of an HTTP server, as mw makes them.
func usual(n int) []sdktrace.ReadOnlySpan {
	r := newRandom(1)
	ids := func() trace.SpanContext { return spanContext(r.traceID(), r.spanID()) }
	res := resource.NewSchemaless(
		attribute.String("service.name", "checkout"), attribute.String("service.version", "1.4.2"),
		attribute.String("host.name", "node-7"), attribute.String("telemetry.sdk.language", "go"))
	spans := make([]sdktrace.ReadOnlySpan, n)
	for i := range spans {
		start := epoch.Add(time.Duration(i) * time.Millisecond)
		spans[i] = tracetest.SpanStub{
			Name: "GET /users/{id}", SpanContext: ids(), Parent: ids(), SpanKind: trace.SpanKindServer,
			StartTime: start, EndTime: start.Add(1500 * time.Microsecond), Resource: res,
			Attributes: []attribute.KeyValue{
				attribute.String("http.request.method", "GET"), attribute.String("url.path", "/users/7"),
				attribute.String("url.scheme", "https"), attribute.String("http.route", "/users/{id}"),
				attribute.Int("http.response.status_code", 200), attribute.String("server.address", "api.example.org"),
				attribute.String("client.address", "192.0.2.7"), attribute.String("user_agent.original", "curl/8.5.0"),
				attribute.String("network.protocol.version", "1.1"),
			},
			InstrumentationScope: instrumentation.Scope{Name: "github.com/spanroute/spanroute/mw", Version: "0.1.0"},
		}.Snapshot()
	}
	return spans
}

func BenchmarkEncode(b *testing.B) {
	spans := usual(512)
	for _, e := range encodings {
		b.Run(e.protocol, func(b *testing.B) {
			p := packer(e.protocol, 256, func(s *jaeger.Settings) { s.Thrift.MaxPacketSize = 8000 })
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = 0
				for _, body := range p.Pack(spans, new(delivery.Report)) {
					size += len(body)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
			b.ReportMetric(float64(size)/512, "B/span")
		})
	}
}

// BenchmarkUDP encodes and writes to a loopback socket that is not drained quickly, without pacing.
func BenchmarkUDP(b *testing.B) {
	listener, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	s := jaeger.Defaults()
	s.Thrift.AgentHostName, s.Thrift.AgentPort = "127.0.0.1", listener.LocalAddr().(*net.UDPAddr).Port
	s.Thrift.MaxBytesPerSecond = 0
	send := jaeger.NewDirect(s)
	spans := usual(512)
	b.ReportAllocs()
	for b.Loop() {
		if err := send(context.Background(), spans); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/span")
}
