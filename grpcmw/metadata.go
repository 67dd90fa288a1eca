package grpcmw

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/internal/instrumentation"
	"github.com/spanroute/spanroute/internal/semattr"
)

// capturable returns keys without those of gRPC itself.
func capturable(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		key = strings.ToLower(strings.TrimSpace(key))
		return strings.HasPrefix(key, ":") || strings.HasPrefix(key, "grpc-")
	})
}

// sendable returns key if it may be sent as metadata, else "". grpc.SetHeader does not check it.
func sendable(key string) string {
	if strings.HasPrefix(key, "grpc-") {
		return ""
	}
	for i := range len(key) {
		if c := key[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.", c) >= 0) {
			return ""
		}
	}
	return key
}

// valuesOf returns a function that looks up the values of md for a capture.
func valuesOf(md metadata.MD) func(key string) []string {
	return func(key string) []string { return wireText(key, md[key]) }
}

// wireText returns values as recorded: those of -bin keys in base64, as on the wire.
func wireText(key string, values []string) []string {
	if !strings.HasSuffix(key, "-bin") {
		return values
	}
	encoded := make([]string, len(values))
	for i, v := range values {
		encoded[i] = base64.RawStdEncoding.EncodeToString([]byte(v))
	}
	return encoded
}

// incoming reads the metadata of an RPC that arrived. It is embedded in the serverCall, whose pointer is then a
// carrier without an allocation.
type incoming struct {
	ctx    context.Context
	header metadata.MD // from the stats handler or, once read, from ctx; nil to look up each key in ctx
	folded bool        // ctx is read, but its keys need a comparison without regard to case
}

var (
	_ propagation.TextMapCarrier = (*incoming)(nil)
	_ propagation.ValuesGetter   = (*incoming)(nil)
)

// Values returns all values of key.
func (c *incoming) Values(key string) []string { return slices.Clone(c.lookup(key)) }

// lookup returns all values of key, which must not be changed. metadata.ValueFromIncomingContext walks through all
// metadata for each absent key; lookup walks through them once.
func (c *incoming) lookup(key string) []string {
	if c.header == nil && !c.folded {
		c.header = incomingMetadata(c.ctx)
		c.folded = c.header == nil
	}
	if c.header != nil {
		return c.header[strings.ToLower(key)]
	}
	return metadata.ValueFromIncomingContext(c.ctx, key)
}

// incomingMap is the result of incomingMetadata as a carrier without an allocation. Values are not copied.
type incomingMap metadata.MD

var (
	_ propagation.TextMapCarrier = incomingMap(nil)
	_ propagation.ValuesGetter   = incomingMap(nil)
)

// Values returns all values of key, which must not be changed.
func (m incomingMap) Values(key string) []string { return m[strings.ToLower(key)] }

// Get returns the value of key, as incoming.Get does.
func (m incomingMap) Get(key string) string { return valueOf(key, m.Values(key)) }

// Set does nothing: incoming metadata are not changed.
func (incomingMap) Set(string, string) {}

// Keys returns the keys that arrived.
func (m incomingMap) Keys() []string { return slices.Collect(maps.Keys(m)) }

// incomingMetadata returns the incoming metadata of ctx, which must not be changed. It returns nil if their place in
// the context is unknown or if a key has an upper-case letter, which only programs can put there.
func incomingMetadata(ctx context.Context) metadata.MD {
	if incomingKey == nil {
		return nil
	}
	md, _ := ctx.Value(incomingKey).(metadata.MD)
	for key := range md {
		for i := range len(key) {
			if c := key[i]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
				return nil
			}
		}
	}
	return md
}

// incomingKey is the context key of the incoming metadata, nil if it is unknown.
var incomingKey = learnIncomingKey(metadata.NewIncomingContext(context.Background(), metadata.MD{}))

// A keyProbe records the last key that is looked up in it.
type keyProbe struct {
	context.Context
	key any
}

// Value records key.
func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}

// learnIncomingKey returns the key under which the metadata package looks up incoming metadata, or nil if ctx, which
// has such metadata, does not have them under this key.
func learnIncomingKey(ctx context.Context) any {
	probe := &keyProbe{Context: context.Background()}
	metadata.ValueFromIncomingContext(probe, "")
	if probe.key == nil {
		return nil
	}
	if _, ok := ctx.Value(probe.key).(metadata.MD); !ok {
		return nil
	}
	return probe.key
}

// Get returns the value of key. A tracestate may have several parts, which are joined (W3C Trace Context, 3.3.1); of
// other keys, the first value counts.
func (c *incoming) Get(key string) string {
	return valueOf(key, c.lookup(key))
}

// valueOf returns the value of key among those that arrived.
func valueOf(key string, values []string) string {
	switch {
	case len(values) == 0:
		return ""
	case key == "tracestate":
		return semattr.TraceState(values)
	}
	return values[0]
}

// Set does nothing: incoming metadata are not changed.
func (*incoming) Set(string, string) {}

// Keys returns the keys that arrived.
func (c *incoming) Keys() []string {
	md := c.header
	if md == nil {
		md, _ = metadata.FromIncomingContext(c.ctx)
	}
	keys := make([]string, 0, len(md))
	for key := range md {
		keys = append(keys, key)
	}
	return keys
}

// outgoing collects the trace metadata of a call, so that a call without other metadata needs no map.
type outgoing struct {
	pairs []string
	space [6]string // traceparent, tracestate, baggage
}

var _ propagation.TextMapCarrier = (*outgoing)(nil)

// Get returns the value that was set for key.
func (c *outgoing) Get(key string) string {
	for i := 0; i < len(c.pairs); i += 2 {
		if strings.EqualFold(c.pairs[i], key) {
			return c.pairs[i+1]
		}
	}
	return ""
}

// Set replaces the value of key.
func (c *outgoing) Set(key, value string) {
	for i := 0; i < len(c.pairs); i += 2 {
		if strings.EqualFold(c.pairs[i], key) {
			c.pairs[i+1] = value
			return
		}
	}
	if c.pairs == nil {
		c.pairs = c.space[:0]
	}
	c.pairs = append(c.pairs, key, value)
}

// Keys returns the keys that were set.
func (c *outgoing) Keys() []string {
	keys := make([]string, 0, len(c.pairs)/2)
	for i := 0; i < len(c.pairs); i += 2 {
		keys = append(keys, c.pairs[i])
	}
	return keys
}

// inject returns ctx with the trace metadata that the propagator of in writes. The caller's metadata are copied, not
// changed. If ctx has a span, old values of the propagator's fields are removed: a tracestate must not stay beside a new
// traceparent. Baggage is kept: if the context has no baggage, the program has set it itself.
func (c *outgoing) inject(ctx context.Context, in *instrumentation.Instrumentation) context.Context {
	in.Propagator().Inject(ctx, c)
	md, ok := metadata.FromOutgoingContext(ctx) // a copy
	if !ok {
		if len(c.pairs) == 0 {
			return ctx
		}
		return metadata.AppendToOutgoingContext(ctx, c.pairs...)
	}
	if trace.SpanContextFromContext(ctx).IsValid() {
		for _, field := range in.Fields() {
			if field != "baggage" {
				md.Delete(field)
			}
		}
	}
	for i := 0; i < len(c.pairs); i += 2 {
		md.Set(c.pairs[i], c.pairs[i+1])
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// withoutIncomingBaggage returns ctx without the caller's baggage in the incoming metadata, because a proxy forwards
// those unchanged.
func withoutIncomingBaggage(ctx context.Context) context.Context {
	received := incomingMetadata(ctx)
	if received == nil {
		received, _ = metadata.FromIncomingContext(ctx)
	}
	kept := received
	for key := range received {
		if !instrumentation.IsBaggage(key) {
			continue
		}
		if len(kept) == len(received) {
			kept = received.Copy()
		}
		delete(kept, key)
	}
	if len(kept) == len(received) {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, kept)
}
