package grpcmw_test

import (
	"context"
	"io"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// picky is a propagator that uses all of a carrier, as those of other formats may.
type picky struct {
	propagation.TraceContext
	saw []string // keys on extraction
	got []string // what the outgoing carrier returns after a write
}

func (p *picky) Inject(_ context.Context, c propagation.TextMapCarrier) {
	p.got = []string{c.Get("x-trace")}
	c.Set("X-Trace", "first")
	c.Set("x-trace", "second")
	for _, key := range []string{"a", "b", "c", "d"} { // more than trace context and baggage have
		c.Set(key, key)
	}
	p.got = append(append(p.got, c.Get("x-trace"), c.Get("d")), c.Keys()...)
}

func (p *picky) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	p.saw = c.Keys()
	c.Set("x-other", "not to be seen")
	return ctx
}

func TestOtherPropagators(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		for _, outgoing := range []metadata.MD{nil, {"x-trace": {"old"}}} {
			p, a := &picky{}, arrived{}
			opt := grpcmw.WithPropagator(p)
			v := newWorld(t, w, setup{service: a.service(), serverOptions: []grpcmw.ServerOption{opt}, clientOptions: []grpcmw.ClientOption{opt}})
			ctx := testContext(t)
			if outgoing != nil {
				ctx = metadata.NewOutgoingContext(ctx, outgoing)
			}
			if err := v.cc.Invoke(ctx, "/"+unary, sized(0), sized(0)); err != nil {
				t.Fatal(err)
			}
			v.pair(t)
			if want := []string{"", "second", "d", "X-Trace", "a", "b", "c", "d"}; !slices.Equal(p.got, want) {
				t.Errorf("outgoing carrier: %q, want %q", p.got, want)
			}
			if got := a.md["x-trace"]; !slices.Equal(got, []string{"second"}) || len(a.md["x-other"]) != 0 {
				t.Errorf("x-trace arrived as %q, x-other as %q", got, a.md["x-other"])
			}
			if !slices.Contains(p.saw, "x-trace") || !slices.Contains(p.saw, ":authority") {
				t.Errorf("incoming carrier has keys %q", p.saw)
			}
		}
	})
}

// owner is a propagator with more fields than it writes.
type owner struct{ propagation.TraceContext }

func (owner) Inject(_ context.Context, c propagation.TextMapCarrier) { c.Set("X-Trace", "new") }
func (owner) Fields() []string                                       { return []string{"X-Trace", "x-flags", "baggage"} }

// A call that a proxy forwards has the metadata of its caller.
func TestOldTraceMetadataAreRemoved(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		a := arrived{}
		v := newWorld(t, w, setup{service: a.service(), clientOptions: []grpcmw.ClientOption{grpcmw.WithPropagator(owner{})}})
		forwarded := metadata.MD{"x-trace": {"old", "older"}, "x-flags": {"1"}, "baggage": {"a=1"}, "x-other": {"kept"}}
		if err := v.cc.Invoke(metadata.NewOutgoingContext(testContext(t), forwarded), "/"+unary, sized(0), sized(0)); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string][]string{"x-trace": {"new"}, "x-flags": nil, "baggage": {"a=1"}, "x-other": {"kept"}} {
			if got := a.md[key]; !slices.Equal(got, want) {
				t.Errorf("%s arrived as %q, want %q", key, got, want)
			}
		}
		if len(forwarded["x-flags"]) != 1 {
			t.Error("the caller's metadata are changed")
		}
		v.Reset()
	})
}

// torn is a stream whose client broke off inside a message.
type torn struct{ grpc.ServerStream }

func (torn) Context() context.Context    { return context.Background() }
func (torn) SetTrailer(metadata.MD)      {}
func (torn) SetHeader(metadata.MD) error { return nil }
func (torn) RecvMsg(any) error           { return io.ErrUnexpectedEOF }
func (torn) SendMsg(any) error           { return context.Canceled }

// The first error of a stream counts, converted as grpc-go does.
func TestFirstStreamError(t *testing.T) {
	t.Parallel()
	r := spantest.NewRecorder(t)
	intercept := grpcmw.StreamServerInterceptor(grpcmw.With(countEnds(t, r)), grpcmw.WithTraceIDMetadata("x-trace"))
	for _, tt := range []struct {
		name, code, errorType string
		handler               grpc.StreamHandler
	}{
		{"broken off", "INTERNAL", "INTERNAL", func(_ any, ss grpc.ServerStream) error {
			_, _ = ss.RecvMsg(nil), ss.SendMsg(nil)
			return nil
		}},
		{"cancelled", "CANCELLED", "", func(_ any, ss grpc.ServerStream) error {
			_, _ = ss.SendMsg(nil), ss.RecvMsg(nil)
			return io.ErrNoProgress
		}},
	} {
		_ = intercept(struct{}{}, torn{}, &grpc.StreamServerInfo{FullMethod: "/a.B/C"}, tt.handler)
		wantOutcome(t, r.One(t), tt.code, tt.errorType)
		r.Reset()
	}
}
