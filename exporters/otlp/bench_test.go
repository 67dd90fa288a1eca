package otlp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/otlp"
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

// capture is the end of upstream's pipeline before the wire.
type capture struct{ tree []*tracepb.ResourceSpans }

func (*capture) Start(context.Context) error { return nil }
func (*capture) Stop(context.Context) error  { return nil }
func (c *capture) UploadTraces(_ context.Context, tree []*tracepb.ResourceSpans) error {
	c.tree = tree
	return nil
}

func upstreamTree(tb testing.TB, spans []sdktrace.ReadOnlySpan) []*tracepb.ResourceSpans {
	c := new(capture)
	if err := otlptrace.NewUnstarted(c).ExportSpans(context.Background(), spans); err != nil {
		tb.Fatal(err)
	}
	return c.tree
}

func BenchmarkEncode(b *testing.B) {
	spans := usual(batch)
	b.Run("spanroute", func(b *testing.B) {
		e, r := otlp.NewEncoder(16<<20, 0), new(delivery.Report)
		var buf []byte
		encoded := make([]delivery.EncodedSpan, len(spans))
		b.ReportAllocs()
		for b.Loop() {
			buf = buf[:0]
			for i, span := range spans {
				start := len(buf)
				var group any
				buf, group = e.EncodeSpan(buf, span, r)
				encoded[i] = delivery.EncodedSpan{Bytes: buf[start:], Group: group}
			}
			e.Pack(encoded, r)
		}
		perSpan(b)
	})
	b.Run("otel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			marshal(b, upstreamTree(b, spans))
		}
		perSpan(b)
	})
}

func marshal(tb testing.TB, tree []*tracepb.ResourceSpans) {
	if _, err := proto.Marshal(&coltracepb.ExportTraceServiceRequest{ResourceSpans: tree}); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkExport sends a batch to a server on loopback that drops what it reads.
func BenchmarkExport(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer srv.Close()
	addr := sink(b)
	spans := usual(batch)
	ours := func(protocol, endpoint string) func(*testing.B) {
		return func(b *testing.B) {
			e, s := otlp.NewEncoder(16<<20, 0), otlp.NewSender(b, protocol, endpoint)
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
		}
	}
	theirs := func(client func() otlptrace.Client) func(*testing.B) {
		return func(b *testing.B) {
			x, err := otlptrace.New(context.Background(), client())
			if err != nil {
				b.Fatal(err)
			}
			defer x.Shutdown(context.Background())
			b.ReportAllocs()
			for b.Loop() {
				if err := x.ExportSpans(context.Background(), spans); err != nil {
					b.Fatal(err)
				}
			}
			perSpan(b)
		}
	}
	b.Run("http/spanroute", ours("http", srv.URL+"/v1/traces"))
	b.Run("http/otel", theirs(func() otlptrace.Client {
		return otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(srv.URL + "/v1/traces"))
	}))
	b.Run("grpc/spanroute", ours("grpc", "http://"+addr))
	b.Run("grpc/otel", theirs(func() otlptrace.Client {
		return otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(addr), otlptracegrpc.WithInsecure())
	}))
}

// sink is a gRPC server that does not even decode.
func sink(tb testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	srv := grpc.NewServer(grpc.ForceServerCodecV2(encoding.GetCodecV2("proto")), grpc.MaxRecvMsgSize(64<<20))
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return new(coltracepb.ExportTraceServiceResponse), nil
		}}},
	}, nil)
	go srv.Serve(l)
	tb.Cleanup(srv.Stop)
	return l.Addr().String()
}

func perSpan(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/span")
}
