package otlp

import (
	"context"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

// grpcSender calls opentelemetry.proto.collector.trace.v1.TraceService/Export.
type grpcSender struct {
	grpc   *transport.GRPC
	client coltracepb.TraceServiceClient
}

func newGRPCSender(o transport.GRPCOptions) (*grpcSender, error) {
	conn, err := transport.NewGRPC(o)
	if err != nil {
		return nil, err
	}
	return &grpcSender{grpc: conn, client: coltracepb.NewTraceServiceClient(conn.Conn())}, nil
}

// Send makes one call.
func (s *grpcSender) Send(ctx context.Context, p *Payload) delivery.Outcome {
	var reply *coltracepb.ExportTraceServiceResponse
	o := s.grpc.Attempt(ctx, func(ctx context.Context) (err error) {
		reply, err = s.client.Export(ctx, p.request())
		return err
	})
	if o.Verdict == delivery.Delivered {
		o.Rejected, o.Err = partial(reply, s.grpc.Excerpt)
	}
	return o
}

// Close ends the connection; running calls fail.
func (s *grpcSender) Close(context.Context) error { return s.grpc.Close() }
