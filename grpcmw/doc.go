// Package grpcmw gives gRPC calls OpenTelemetry spans, one per RPC and side, by the RPC semantic conventions.
//
//	s := grpc.NewServer(grpcmw.ServerOptions(grpcmw.With(t))...)
//	cc, err := grpc.NewClient(target, grpcmw.DialOptions(grpcmw.With(t))...)
package grpcmw
