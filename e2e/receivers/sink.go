package receivers

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"sync"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what a Collector sends is compressed

	"github.com/spanroute/spanroute/e2e/stored"
)

// Sink is a receiver of OTLP over gRPC in the process of the test.
type Sink struct {
	collectortrace.UnimplementedTraceServiceServer

	server  *grpc.Server
	address string

	mu    sync.Mutex
	spans []stored.Span
}

// StartSink starts a receiver on a free port.
func StartSink() (*Sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{server: grpc.NewServer(), address: listener.Addr().String()}
	collectortrace.RegisterTraceServiceServer(s.server, s)
	go s.server.Serve(listener) // ends with Stop
	return s, nil
}

// Address returns host and port.
func (s *Sink) Address() string { return s.address }

// Stop ends the receiver. Its spans can still be read.
func (s *Sink) Stop() { s.server.Stop() }

// Spans returns the spans that were received so far, in the order of their arrival, with ids, name and service only.
func (s *Sink) Spans() []stored.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.spans)
}

// Export receives one request.
func (s *Sink) Export(_ context.Context, request *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range request.GetResourceSpans() {
		service := serviceOf(r.GetResource())
		for _, scope := range r.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.spans = append(s.spans, stored.Span{
					TraceID: hex.EncodeToString(span.GetTraceId()), SpanID: hex.EncodeToString(span.GetSpanId()),
					Parent: hex.EncodeToString(span.GetParentSpanId()), Name: span.GetName(), Service: service,
				})
			}
		}
	}
	return new(collectortrace.ExportTraceServiceResponse), nil
}

func serviceOf(r *resource.Resource) string {
	for _, attribute := range r.GetAttributes() {
		if attribute.GetKey() == "service.name" {
			return attribute.GetValue().GetStringValue()
		}
	}
	return ""
}
