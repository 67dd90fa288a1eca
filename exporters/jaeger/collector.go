package jaeger

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

// collectorHTTP posts to a collector's Thrift endpoint. Safe for concurrent use.
type collectorHTTP struct{ http *transport.HTTP }

// Send posts one batch.
func (c collectorHTTP) Send(ctx context.Context, p *payload) delivery.Outcome {
	return c.http.Post(ctx, p.body)
}

// Close ends every connection.
func (c collectorHTTP) Close(context.Context) error {
	c.http.Close()
	return nil
}

// postSpansMethod is the one method of jaeger.api_v2 that takes spans.
const postSpansMethod = "/jaeger.api_v2.CollectorService/PostSpans"

// collectorGRPC calls a collector's PostSpans. Safe for concurrent use.
type collectorGRPC struct{ grpc *transport.GRPC }

// Send makes one call.
func (c collectorGRPC) Send(ctx context.Context, p *payload) delivery.Outcome {
	return c.grpc.Attempt(ctx, func(ctx context.Context, conn *grpc.ClientConn) error {
		return conn.Invoke(ctx, postSpansMethod, p, nil, grpc.ForceCodecV2(rawCodec{}))
	})
}

// Close ends the connection.
func (c collectorGRPC) Close(context.Context) error { return c.grpc.Close() }

// rawCodec sends a payload unchanged and reads nothing, because PostSpansResponse is empty.
type rawCodec struct{}

// Marshal hands out the payload's bytes.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.(*payload).body)}, nil
}

// Unmarshal takes any answer.
func (rawCodec) Unmarshal(mem.BufferSlice, any) error { return nil }

// Name is that of the protobuf codec, whose format the bytes are in.
func (rawCodec) Name() string { return "proto" }
