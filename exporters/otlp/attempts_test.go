package otlp_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/exportertest"
	"github.com/spanroute/spanroute/exporters/otlp"
)

// Attempts that end early, others of the same payload at the same time, and the next batches of the encoder change
// nothing in what a receiver gets.
func TestEachAttemptSendsTheSameBytes(t *testing.T) {
	t.Parallel()
	var got recorder
	web := exportertest.Receive(t, exportertest.OK)
	for protocol, endpoint := range map[string]string{"http": web.URL + "/v1/traces", "grpc": "http://" + got.serve(t)} {
		t.Run(protocol, func(t *testing.T) {
			e, sender := otlp.NewEncoder(16<<20, 0), otlp.NewSender(t, protocol, endpoint)
			defer sender.Close(context.Background())
			p := e.Encode(large("a"), &delivery.Report{})[0]
			want := bytes.Clone(otlp.Bytes(p))
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*300*time.Microsecond)
					defer cancel()
					sender.Send(ctx, p)
					e.Encode(large("b"), &delivery.Report{})
					if o := sender.Send(context.Background(), p); o.Verdict != delivery.Delivered {
						t.Errorf("%+v, want Delivered", o)
					}
				})
			}
			all.Wait()
			bodies := got.all()
			if protocol == "http" {
				bodies = nil
				for _, r := range web.Requests() {
					bodies = append(bodies, r.Content)
				}
			}
			if len(bodies) < 8 {
				t.Errorf("%d bodies, want at least 8", len(bodies))
			}
			for _, body := range bodies {
				if !bytes.Equal(body, want) {
					t.Errorf("a body of %d bytes differs from the %d of the payload", len(body), len(want))
				}
			}
		})
	}
}

// large returns spans that do not fit the first window of a stream.
func large(text string) []sdktrace.ReadOnlySpan {
	spans := make([]sdktrace.ReadOnlySpan, 32)
	for i := range spans {
		spans[i] = exportertest.Span(func(s *tracetest.SpanStub) {
			s.Attributes = []attribute.KeyValue{attribute.String("text", strings.Repeat(text, 16<<10))}
		})
	}
	return spans
}

// A recorder is the codec of a gRPC server that keeps the bytes of each message.
type recorder struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (c *recorder) serve(t *testing.T) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.ForceServerCodecV2(c))
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return new(coltracepb.ExportTraceServiceResponse), decode(nil)
		}}},
	}, nil)
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	return l.Addr().String()
}

func (c *recorder) Name() string { return "proto" }

func (c *recorder) Marshal(v any) (mem.BufferSlice, error) {
	return encoding.GetCodecV2("proto").Marshal(v)
}

func (c *recorder) Unmarshal(data mem.BufferSlice, _ any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, data.Materialize())
	return nil
}

func (c *recorder) all() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bodies
}
