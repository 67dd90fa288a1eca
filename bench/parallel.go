package main

import (
	"runtime"
	"testing"

	"google.golang.org/grpc"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/mw"
)

// parallelSides use all cores at once, with several goroutines for each, so that locks and shared cache lines count.
// The sides whose name ends in "one core" are the same work on one core, for the throughput.
func parallelSides() []side {
	on, own, cores := newTracing(1), start(1), runtime.NumCPU()
	http := func(n int, wrap middleware) func(*testing.B) { return onCores(n, requests(wrap)) }
	rpc := func(n int, o ...grpc.ServerOption) func(*testing.B) { return onCores(n, calls(o)) }
	return []side{
		{"router", http(cores, nil)},
		{"http", http(cores, mw.New(mw.With(own)))},
		{"http, one core", http(1, mw.New(mw.With(own)))},
		{"otelhttp", http(cores, otelhttpMiddleware(on))},
		{"otelchi", http(cores, otelchiMiddleware(on))},
		{"call", rpc(cores)},
		{"server", rpc(cores, grpc.UnaryInterceptor(grpcmw.UnaryServerInterceptor(grpcmw.With(own))))},
		{"ServerOptions", rpc(cores, grpcmw.ServerOptions(grpcmw.With(own))...)},
		{"ServerOptions, one core", rpc(1, grpcmw.ServerOptions(grpcmw.With(own))...)},
		{"otelgrpc server", rpc(cores, otelgrpcServer(on))},
	}
}

// requests serves requests of several goroutines by one router.
func requests(wrap middleware) func(*testing.B) {
	return func(b *testing.B) {
		router := usersRouter(wrap)
		parallel(b, func() func() { return serve(router, "") })
	}
}

// calls makes calls of several goroutines on one connection.
func calls(server []grpc.ServerOption) func(*testing.B) {
	return func(b *testing.B) {
		check := connect(b, server, nil)
		parallel(b, func() func() { return check })
	}
}
