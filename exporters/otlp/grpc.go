package otlp

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

// grpcSender sends through upstream's client on a connection of the kit's.
type grpcSender struct {
	grpc   *transport.GRPC
	client otlptrace.Client
}

// newGRPCSender passes every option of the client, also the "off" ones: the client reads
// OTEL_EXPORTER_OTLP_*, and an option passed is what makes that reading change nothing. Endpoint,
// credentials and compression are those of the connection, which beat all of them.
func newGRPCSender(ctx context.Context, o transport.GRPCOptions) (*grpcSender, error) {
	o.Interceptor = note
	conn, err := transport.NewGRPC(o)
	if err != nil {
		return nil, err
	}
	s := &grpcSender{grpc: conn, client: otlptracegrpc.NewClient(
		otlptracegrpc.WithGRPCConn(conn.Conn()),
		otlptracegrpc.WithHeaders(map[string]string{}), // the attempt's metadata has them
		otlptracegrpc.WithTimeout(0),                   // the attempt's context has it
		otlptracegrpc.WithMaxRequestSize(0),            // payloads are measured already; a receiver may take more
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: false}),
	)}
	if err := s.client.Start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// call is what a request met on the wire. Upstream wraps it in error types of its own.
type call struct {
	made  bool
	err   error
	reply *coltracepb.ExportTraceServiceResponse
}

type callKey struct{}

// note writes the outcome of a call into the record of its context.
func note(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		c.made, c.err = true, err
		c.reply, _ = reply.(*coltracepb.ExportTraceServiceResponse)
	}
	return err
}

// Send makes one call.
func (s *grpcSender) Send(ctx context.Context, p *Payload) delivery.Outcome {
	c := new(call)
	o := s.grpc.Attempt(context.WithValue(ctx, callKey{}, c), func(ctx context.Context) error {
		err := s.client.UploadTraces(ctx, p.resources)
		if c.made {
			return c.err
		}
		return err
	})
	if o.Verdict == delivery.Delivered {
		o.Refused, o.Err = partial(c.reply)
	}
	return o
}

// Close ends the connection first, so that the client has no call to wait for.
func (s *grpcSender) Close(ctx context.Context) error {
	err := s.grpc.Close()
	_ = s.client.Stop(ctx) // has nothing left to close; a finished ctx is no error here
	return err
}
