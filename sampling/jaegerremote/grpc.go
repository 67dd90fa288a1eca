package jaegerremote

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/version"
)

// maxHeader is the maximum size of the headers of a response in bytes.
const maxHeader = 64 << 10

const getSamplingStrategy = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"

// GRPCSource returns a source that calls the service jaeger.api_v2.SamplingManager at target. The options hold the
// transport credentials, which are required, and the headers, such as an interceptor or per-RPC credentials. It returns
// an error for options that [grpc.NewClient] rejects.
func GRPCSource(target, service string, options ...grpc.DialOption) (Source, error) {
	s := grpcSource{target, appendParameters(nil, service), options}
	conn, err := s.connection()
	if err != nil {
		return nil, err
	}
	return s, conn.Close() // fetch opens another one
}

type grpcSource struct {
	target  string
	request []byte
	options []grpc.DialOption
}

func (s grpcSource) String() string { return "grpc " + endpoint.Redact(s.target) }

func (s grpcSource) connection() (*grpc.ClientConn, error) {
	options := append([]grpc.DialOption{grpc.WithMaxHeaderListSize(maxHeader), grpc.WithUserAgent(version.UserAgent)}, s.options...)
	return grpc.NewClient(s.target, options...)
}

func (s grpcSource) fetch(ctx context.Context) (response, error) {
	conn, err := s.connection()
	if err != nil {
		return response{}, err
	}
	defer func() { _ = conn.Close() }()
	var body []byte
	err = conn.Invoke(ctx, getSamplingStrategy, s.request, &body, grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(maxResponse))
	if err != nil {
		return response{}, err
	}
	return parseProto(body)
}

// rawCodec passes messages as bytes, so that Jaeger's generated types and their dependencies are not linked.
type rawCodec struct{}

// Marshal returns v, a []byte.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("message of type %T, want []byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal copies data to v, a *[]byte.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("message of type %T, want *[]byte", v)
	}
	*b = data.Materialize()
	return nil
}

// Name returns the name of the protobuf codec, whose format the bytes have.
func (rawCodec) Name() string { return "proto" }
