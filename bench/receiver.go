package main

import (
	"context"
	"fmt"
	"sync/atomic"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// A receiver accepts OTLP over gRPC and counts spans and calls.
type receiver struct {
	coltracepb.UnimplementedTraceServiceServer
	spans, calls atomic.Int64
}

// Export counts the spans of a request.
func (r *receiver) Export(_ context.Context, request *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	r.calls.Add(1)
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			r.spans.Add(int64(len(scope.GetSpans())))
		}
	}
	return new(coltracepb.ExportTraceServiceResponse), nil
}

// runReceiver receives spans until standard input ends.
func runReceiver() {
	r := new(receiver)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	coltracepb.RegisterTraceServiceServer(server, r)
	listener := localListener()
	go func() { _ = server.Serve(listener) }()
	commands{"count": func([]string) (string, error) {
		return fmt.Sprint(r.spans.Load(), " ", r.calls.Load()), nil
	}}.execute(listener.Addr().String())
}
