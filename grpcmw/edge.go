package grpcmw

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// withoutIncomingBaggage returns ctx without the caller's baggage in the incoming metadata, because a proxy forwards
// those unchanged.
func withoutIncomingBaggage(ctx context.Context) context.Context {
	if len(metadata.ValueFromIncomingContext(ctx, "baggage")) == 0 {
		return ctx
	}
	md, _ := metadata.FromIncomingContext(ctx) // a copy
	md.Delete("baggage")
	return metadata.NewIncomingContext(ctx, md)
}
