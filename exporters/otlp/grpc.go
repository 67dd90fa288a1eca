package otlp

import (
	"context"
	"fmt"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// A grpcSender calls exportMethod.
type grpcSender struct {
	grpc *transport.GRPC
}

// newGRPCSender prepares a sender. It does not dial.
func newGRPCSender(o transport.GRPCOptions) (*grpcSender, error) {
	conn, err := transport.NewGRPC(o)
	if err != nil {
		return nil, err
	}
	return &grpcSender{grpc: conn}, nil
}

// Send makes one call.
func (s *grpcSender) Send(ctx context.Context, p *payload) delivery.Outcome {
	reply := new(coltracepb.ExportTraceServiceResponse)
	o := s.grpc.Attempt(ctx, func(ctx context.Context, conn *grpc.ClientConn) error {
		return conn.Invoke(ctx, exportMethod, p, reply, grpc.ForceCodecV2(wireCodec{}))
	})
	if o.Verdict == delivery.Delivered {
		o.Rejected, o.Err = partial(reply, s.grpc.Excerpt)
	}
	return o
}

// Close ends the connection; running calls fail.
func (s *grpcSender) Close(context.Context) error { return s.grpc.Close() }

// A wireCodec sends the bytes of a payload without a copy and decodes responses as protobuf.
//
// gRPC may read the bytes after a call has failed, and a later attempt may send them at the same time. That is safe
// because they never change and are never reused: a SliceBuffer leaves them to the garbage collector, so that the
// count of references does not matter.
type wireCodec struct{}

// Marshal returns the bytes of a payload.
func (wireCodec) Marshal(v any) (mem.BufferSlice, error) {
	p, ok := v.(*payload)
	if !ok {
		return nil, fmt.Errorf("the message is a %T, want a payload", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(p.bytes)}, nil
}

// Unmarshal decodes a response.
func (wireCodec) Unmarshal(data mem.BufferSlice, v any) error {
	return encoding.GetCodecV2(proto.Name).Unmarshal(data, v)
}

// Name returns the content subtype, which is that of protobuf.
func (wireCodec) Name() string { return proto.Name }
