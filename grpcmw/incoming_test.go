package grpcmw

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/metadata"
)

// TestIncomingMetadata shows that lookups in the metadata of a context find what metadata.ValueFromIncomingContext
// finds, with the learnt context key and without it.
func TestIncomingMetadata(t *testing.T) {
	if incomingKey == nil {
		t.Error("the context key of the incoming metadata is unknown")
	}
	learnt := incomingKey
	defer func() { incomingKey = learnt }()
	for _, key := range []any{learnt, nil} {
		incomingKey = key
		for _, md := range []metadata.MD{
			nil,
			{},
			{"traceparent": {"a"}, "baggage": {"b", "c"}},
			{"Traceparent": {"a"}, "baggage": {"b"}},
			{"Traceparent": {"a"}, "traceparent": {"b"}},
			{"bag\u212aage": {"b"}, "tra\u017fe": {"x"}},
		} {
			ctx := context.Background()
			if md != nil {
				ctx = metadata.NewIncomingContext(ctx, md)
			}
			c := &incoming{ctx: ctx}
			for _, name := range []string{"traceparent", "Traceparent", "tracestate", "baggage", "bagkage", "trase", ""} {
				want := metadata.ValueFromIncomingContext(ctx, name)
				if name != "traceparent" && len(md) == 2 && md["traceparent"] != nil && md["Traceparent"] != nil {
					continue // depends on the order of a map
				}
				if got := c.Values(name); !slices.Equal(got, want) {
					t.Errorf("learnt key %v, metadata %v: %q is %q, want %q", key != nil, md, name, got, want)
				}
			}
		}
	}
}

// TestIncomingKeyIsVerified shows that a context without metadata under the learnt key makes the key unknown.
func TestIncomingKeyIsVerified(t *testing.T) {
	if key := learnIncomingKey(context.Background()); key != nil {
		t.Errorf("learnt the key %#v from a context without metadata", key)
	}
}

// TestValuesAreCopies shows that a propagator cannot change the metadata of the handler.
func TestValuesAreCopies(t *testing.T) {
	md := metadata.MD{"baggage": {"a=1"}}
	c := &incoming{ctx: metadata.NewIncomingContext(context.Background(), md)}
	c.Values("baggage")[0] = "changed"
	if got := md["baggage"][0]; got != "a=1" {
		t.Errorf("the handler's baggage is %q", got)
	}
}
