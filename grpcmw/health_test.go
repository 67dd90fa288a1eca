package grpcmw_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
)

// The rules that operators write: health checks and reflection get no span, everything else does.
func TestHealthAndReflectionExcluded(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		r.Exclude(t, policy.Rules{RPCs: []string{"/grpc.health.v1.Health/*", "/grpc.reflection.*/*"}})
		s := grpc.NewServer(w.server(grpcmw.With(countEnds(t, r)))...)
		checks := health.NewServer()
		healthpb.RegisterHealthServer(s, checks)
		reflection.Register(s)
		lis, target, _ := listen(t, "tcp")
		go func() { _ = s.Serve(lis) }()
		cc := newClient(t, target, insecureDial)
		t.Cleanup(func() { _ = cc.Close(); s.Stop() })

		client := healthpb.NewHealthClient(cc)
		if _, err := client.Check(traceparent(true), &healthpb.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(traceparent(true))
		watch, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		cancel()
		info, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(traceparent(true))
		if err != nil {
			t.Fatal(err)
		}
		_ = info.CloseSend()
		_, _ = drain(t, receiver(info))
		_ = cc.Close()
		s.GracefulStop()
		if spans := r.Spans(); len(spans) != 0 {
			t.Errorf("%d spans, want none", len(spans))
		}
	})
}
