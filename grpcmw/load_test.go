package grpcmw_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
)

// 64 clients at once, each with calls of every outcome: no span is lost, none is there twice, and each server
// span's parent is the client span of the same call.
func TestLoad(t *testing.T) {
	const clients, rounds = 64, 4
	bothWays(t, func(t *testing.T, w way) {
		svc := &service{}
		svc.unary = func(ctx context.Context, req *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			if req.GetResponseStatus().GetMessage() == "panic" {
				panic("load")
			}
			return (&service{}).UnaryCall(ctx, req)
		}
		v := newWorld(t, w, setup{
			service: svc, outer: recovery(nil, status.Error(codes.Internal, "recovered")),
			serverOptions: []grpcmw.ServerOption{grpcmw.WithCapturedRequestMetadata("x-call")},
			clientOptions: []grpcmw.ClientOption{grpcmw.WithCapturedRequestMetadata("x-call")},
		})
		kinds := []func(ctx context.Context){
			func(ctx context.Context) { _, _ = v.stub.UnaryCall(ctx, &testgrpc.SimpleRequest{}) },
			func(ctx context.Context) { _, _ = v.stub.UnaryCall(ctx, asking(codes.NotFound, "")) },
			func(ctx context.Context) { _, _ = v.stub.UnaryCall(ctx, asking(codes.Internal, "panic")) },
			func(ctx context.Context) {
				if cs, err := v.stub.StreamingOutputCall(ctx, sized(5)); err == nil {
					_, _ = drain(t, receiver(cs))
				}
			},
			func(ctx context.Context) { // given up after the first message
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				if cs, err := v.stub.FullDuplexCall(ctx); err == nil {
					_ = cs.Send(sized(0))
					_, _ = cs.Recv()
				}
			},
			func(ctx context.Context) {
				if cs, err := v.stub.StreamingInputCall(ctx, grpc.WaitForReady(true)); err == nil {
					_, _ = cs.CloseAndRecv()
				}
			},
		}
		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				for round := range rounds {
					for kind, call := range kinds {
						call(metadata.AppendToOutgoingContext(testContext(t), "x-call", fmt.Sprintf("%d.%d.%d", client, round, kind)))
					}
				}
			})
		}
		wg.Wait()
		spans := v.Wait(t, 2*clients*rounds*len(kinds))
		calls := map[string]trace.SpanID{}
		for _, s := range spans {
			if s.SpanKind() == trace.SpanKindClient {
				calls[s.Text("rpc.request.metadata.x-call")] = s.SpanContext().SpanID()
			}
		}
		if len(calls) != clients*rounds*len(kinds) {
			t.Errorf("%d calls have a client span, want %d", len(calls), clients*rounds*len(kinds))
		}
		for _, s := range spans {
			id := s.Text("rpc.request.metadata.x-call")
			if s.SpanKind() == trace.SpanKindServer && s.Parent().SpanID() != calls[id] {
				t.Errorf("call %s: the server span's parent is %v, want %v", id, s.Parent().SpanID(), calls[id])
			}
			if kind := id[strings.LastIndexByte(id, '.')+1:]; kind == "2" && s.Text("rpc.response.status_code") != "INTERNAL" {
				t.Errorf("call %s: code %s, want INTERNAL", id, s.Text("rpc.response.status_code"))
			}
		}
	})
}
