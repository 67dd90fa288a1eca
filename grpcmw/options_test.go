package grpcmw_test

import (
	"context"
	"testing"

	"github.com/spanroute/spanroute/grpcmw"
)

// An option that only servers read does not compile for clients.
func TestOptionsOfServers(t *testing.T) {
	for name, option := range map[string]grpcmw.ServerOption{
		"WithoutRemoteBaggage": grpcmw.WithoutRemoteBaggage(),
		"WithPublicEndpoint":   grpcmw.WithPublicEndpoint(),
		"WithPublicEndpointFn": grpcmw.WithPublicEndpointFn(func(context.Context, string) bool { return true }),
		"WithTraceIDMetadata":  grpcmw.WithTraceIDMetadata("x-trace-id"),
	} {
		if _, ok := option.(grpcmw.ClientOption); ok {
			t.Errorf("%s is a ClientOption", name)
		}
	}
}
