package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/jaeger"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/zipkin"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"

	_ "github.com/spanroute/spanroute/exporters/all" // the exporters that are compared
)

// batchSize is the number of spans in one operation.
const batchSize = 512

// exporterSides deliver the same batch through an exporter of spanroute and through its peer to the same sink.
func exporterSides() (sides []side, stop func()) {
	posts := httptest.NewServer(http.HandlerFunc(swallow))
	rpcs := grpcSink()
	packets := udpSink()
	host, port, _ := net.SplitHostPort(packets.LocalAddr().String())
	number, _ := strconv.Atoi(port)
	sides = []side{
		{"zipkin", registered("zipkin", map[string]any{"endpoint": posts.URL + "/api/v2/spans"})},
		{"otel/exporters/zipkin", peer(func() (sdktrace.SpanExporter, error) { return zipkin.New(posts.URL + "/api/v2/spans") })},
		{"jaeger http", registered("jaeger", map[string]any{"collector_endpoint": posts.URL + "/api/traces"})},
		{"otel/exporters/jaeger http", peer(func() (sdktrace.SpanExporter, error) {
			return jaeger.New(jaeger.WithCollectorEndpoint(jaeger.WithEndpoint(posts.URL + "/api/traces")))
		})},
		{"jaeger udp", registered("jaeger", map[string]any{"thrift": map[string]any{
			"agent_host_name": host, "agent_port": number, "max_packet_size": 65000, "max_bytes_per_second": 0,
		}})},
		{"otel/exporters/jaeger udp", peer(func() (sdktrace.SpanExporter, error) {
			return jaeger.New(jaeger.WithAgentEndpoint(jaeger.WithAgentHost(host), jaeger.WithAgentPort(port), jaeger.WithMaxPacketSize(65000)))
		})},
		{"otlp grpc", registered("otlp", map[string]any{"endpoint": "http://" + rpcs.address})},
		{"otlp grpc, spool always", spooled("otlp", map[string]any{"endpoint": "http://" + rpcs.address})},
		{"otlptracegrpc", peer(func() (sdktrace.SpanExporter, error) {
			return otlptracegrpc.New(context.Background(), otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(rpcs.address))
		})},
		{"otlp http", registered("otlp", map[string]any{"protocol": "http", "endpoint": posts.URL + "/v1/traces"})},
		{"otlptracehttp", peer(func() (sdktrace.SpanExporter, error) {
			return otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(posts.URL+"/v1/traces"))
		})},
	}
	return sides, func() { posts.Close(); rpcs.server.Stop(); packets.Close() }
}

func peer(open func() (sdktrace.SpanExporter, error)) func(*testing.B) {
	return func(b *testing.B) {
		exporter, err := open()
		if err != nil {
			b.Fatal(err)
		}
		defer exporter.Shutdown(context.Background()) //nolint:errcheck // all spans are delivered
		spans := batch()
		if err := exporter.ExportSpans(context.Background(), spans); err != nil {
			b.Fatal(err)
		}
		loop(b, func() {
			if err := exporter.ExportSpans(context.Background(), spans); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// registered opens an exporter of the registry as spanroute.Start does and keeps its queue filled with a few batches, as in a
// busy program; the peers have no queue and deliver one batch after the other. Because processor time on one core is
// measured, the number of senders does not matter. The measurement ends when the receiver has responded to every
// batch.
func registered(name string, settings map[string]any) func(*testing.B) {
	return func(b *testing.B) { deliver(b, name, settings, nil) }
}

// spooled is registered with a spool that every payload is written to.
func spooled(name string, settings map[string]any) func(*testing.B) {
	return func(b *testing.B) {
		dir, err := os.MkdirTemp("", "spool")
		if err != nil {
			b.Fatal(err)
		}
		defer os.RemoveAll(dir)
		spool, err := delivery.OpenSpool(name, delivery.SpoolOptions{Dir: dir, Mode: delivery.SpoolAlways})
		if err != nil {
			b.Fatal(err)
		}
		deliver(b, name, settings, spool)
	}
}

func deliver(b *testing.B, name string, settings map[string]any, spool *delivery.Spool) {
	queue, err := open(name, settings, spool)
	if err != nil {
		b.Fatal(err)
	}
	defer queue.Shutdown(context.Background()) //nolint:errcheck // all spans are delivered
	spans := batch()
	await := func(batches uint64) {
		for s := queue.Stats(); s.Queued+s.Spooled > batches*batchSize; s = queue.Stats() {
			time.Sleep(time.Millisecond)
		}
	}
	pass := passer(queue)
	end := func() {
		for _, span := range spans {
			pass(span)
		}
	}
	end()
	flush(b, queue)
	b.ReportAllocs()
	b.ResetTimer()
	began := consumed()
	for range b.N {
		end()
		await(8)
	}
	await(1)
	b.StopTimer() // a flush over UDP waits for errors, which takes time but no processor time
	flush(b, queue)
	reportProcessorTime(b, began)
	if s := queue.Stats(); s.DroppedTotal() > 0 || s.Delivered != s.Ended {
		b.Fatalf("%s: %+v", name, s)
	}
}

// passer returns the method by which spanroute passes its own spans to its only destination.
func passer(queue delivery.Destination) func(sdktrace.ReadOnlySpan) {
	if taker, ok := queue.(delivery.Taker); ok && taker.Encodes() {
		return taker.Take
	}
	return queue.Enqueue
}

func flush(b *testing.B, queue delivery.Destination) {
	b.Helper()
	if err := queue.ForceFlush(context.Background()); err != nil {
		b.Fatal(err)
	}
}

func open(name string, settings map[string]any, spool *delivery.Spool) (delivery.Destination, error) {
	opener, err := registry.Default().Prepare(name, settings)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	x, err := opener(context.Background(), registry.BuildContext{
		Source:   func(string) string { return "bench" },
		Delivery: delivery.Options{ID: name, Timeout: 10 * time.Second, Logger: log, Spool: spool},
	})
	if err != nil {
		return nil, err
	}
	queue, ok := x.(delivery.Destination)
	if !ok {
		return nil, fmt.Errorf("%s does not queue", name)
	}
	return queue, nil
}

// batch is 512 spans of 12 attributes and one event each.
func batch() []sdktrace.ReadOnlySpan {
	began := time.Unix(1_700_000_000, 123_456_789)
	res := resource.NewSchemaless(attribute.String("service.name", "bench"), attribute.String("host.name", "example"))
	stubs := make(tracetest.SpanStubs, batchSize)
	for i := range stubs {
		id := func(span byte) trace.SpanContext {
			return trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{1, 15: byte(i)}, SpanID: trace.SpanID{span, byte(i >> 8), byte(i)}, TraceFlags: trace.FlagsSampled,
			})
		}
		stubs[i] = tracetest.SpanStub{
			Name: "GET /users/{id}", SpanContext: id(1), Parent: id(2), SpanKind: trace.SpanKindServer,
			StartTime: began, EndTime: began.Add(1500 * time.Microsecond), Resource: res,
			Attributes: []attribute.KeyValue{
				attribute.String("http.request.method", "GET"), attribute.String("url.path", "/users/7"),
				attribute.String("url.scheme", "https"), attribute.String("server.address", "example.com"),
				attribute.Int("server.port", 443), attribute.String("client.address", "192.0.2.1"),
				attribute.String("network.peer.address", "192.0.2.1"), attribute.Int("network.peer.port", 51234),
				attribute.String("network.protocol.version", "1.1"), attribute.String("user_agent.original", "bench/1.0 (like a browser)"),
				attribute.String("http.route", "/users/{id}"), attribute.Int("http.response.status_code", 200),
			},
			Events: []sdktrace.Event{{Name: "cache miss", Time: began.Add(time.Millisecond), Attributes: []attribute.KeyValue{attribute.String("key", "users/7")}}},
		}
	}
	return stubs.Snapshots()
}

func swallow(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if r.URL.Path == "/v1/traces" {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(http.StatusOK)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func udpSink() *net.UDPConn {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		}
	}()
	return conn
}

type rpcSink struct {
	server  *grpc.Server
	address string
}

// grpcSink answers every call with an empty message and decodes nothing.
func grpcSink() rpcSink {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxRecvMsgSize(64<<20), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if err := stream.RecvMsg(nil); err != nil {
			return err
		}
		return stream.SendMsg(nil)
	}))
	go func() { _ = server.Serve(listener) }()
	return rpcSink{server, listener.Addr().String()}
}

type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Marshal(any) (mem.BufferSlice, error) { return nil, nil }
func (rawCodec) Unmarshal(mem.BufferSlice, any) error { return nil }
func (rawCodec) Name() string                         { return "proto" }
