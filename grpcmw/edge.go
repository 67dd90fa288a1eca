package grpcmw

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/internal/policy"
)

// policy returns the operator's rules in force, nil for the defaults.
func (in *instrument) policy() *policy.Policy {
	if in.tracing == nil {
		return nil
	}
	return in.tracing.Exclusions().Load()
}

// recordsPanicMessages reports whether the value of a panic may be in a span.
func (in *instrument) recordsPanicMessages() bool {
	return !in.noPanicMessages && !in.policy().RedactsPanicMessages()
}

// withoutRemoteBaggage returns after, which is before with what the caller sent, without the caller's baggage. It
// also takes the baggage from the incoming metadata, because a proxy sends those on unchanged.
func withoutRemoteBaggage(before, after context.Context) context.Context {
	if baggage.FromContext(after).Len() > 0 {
		after = baggage.ContextWithBaggage(after, baggage.FromContext(before))
	}
	if len(metadata.ValueFromIncomingContext(after, "baggage")) == 0 {
		return after
	}
	md, _ := metadata.FromIncomingContext(after) // a copy
	md.Delete("baggage")
	return metadata.NewIncomingContext(after, md)
}
