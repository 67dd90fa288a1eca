package grpcmw_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// call makes a unary call of a method that may not exist.
func call(t testing.TB, cc *grpc.ClientConn, fullMethod string, opts ...grpc.CallOption) error {
	t.Helper()
	return cc.Invoke(testContext(t), fullMethod, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}, opts...)
}

func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	v := newWorld(t, way{stats: true}, setup{})
	for range 1000 {
		_ = call(t, v.plain, fmt.Sprintf("/%x.%x/%x", rand.Uint32(), rand.Uint32(), rand.Uint32()))
	}
	for _, s := range v.Wait(t, 1000) {
		if s.Name() != "grpc" || s.SpanKind() != trace.SpanKindServer {
			t.Fatalf("%v span %q, want a server span grpc", s.SpanKind(), s.Name())
		}
	}
	v.Reset()
	known := func(string) bool { return true }
	v = newWorld(t, way{stats: true}, setup{serverOptions: []grpcmw.ServerOption{grpcmw.WithKnownMethod(known)}})
	if err := call(t, v.cc, "/no.Such/Method"); status.Code(err) != codes.Unimplemented {
		t.Fatal(err)
	}
	client, server := v.pair(t)
	wantOutcome(t, server, "UNIMPLEMENTED", "UNIMPLEMENTED")
	if server.Text("rpc.method") != "_OTHER" || server.Text("rpc.method_original") != "no.Such/Method" {
		t.Errorf("rpc.method %q, original %q; want _OTHER whatever WithKnownMethod says", server.Text("rpc.method"), server.Text("rpc.method_original"))
	}
	if server.Status().Description != "" || server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Errorf("description %q, parent %v; want none, the client span", server.Status().Description, server.Parent().SpanID())
	}
	spantest.Golden(t, "unknown_method", []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
}

// A server without the stats handler does not see unknown methods; the client does.
func TestUnknownMethodWithoutStats(t *testing.T) {
	t.Parallel()
	v := newWorld(t, way{}, setup{})
	_ = call(t, v.cc, "/no.Such/Method")
	wantOutcome(t, v.One(t), "UNIMPLEMENTED", "UNIMPLEMENTED")
}

func TestMalformedMethod(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		for _, tt := range []struct{ method, original string }{
			{"foo", "foo"}, {"/foo", "foo"}, {"//foo", "/foo"}, {"/foo/", "foo/"}, {"foo/bar", "foo/bar"}, {"/\xff/", "\uFFFD/"},
		} {
			_ = call(t, v.cc, tt.method)
			for _, s := range v.spansOf(t, trace.SpanKindClient, 1) {
				if s.Name() != "grpc" || s.Text("rpc.method") != "_OTHER" || s.Text("rpc.method_original") != tt.original {
					t.Errorf("%q: span %q, rpc.method %q, original %q", tt.method, s.Name(), s.Text("rpc.method"), s.Text("rpc.method_original"))
				}
			}
		}
	})
}

// spansOf waits until n spans of kind have ended, whatever else has, and forgets all.
func (v *world) spansOf(t testing.TB, kind trace.SpanKind, n int) []spantest.Span {
	t.Helper()
	v.Settle(t)
	got := spantest.Of(v.Spans(), kind)
	if len(got) != n {
		t.Fatalf("%d %v spans, want %d", len(got), kind, n)
	}
	v.Reset()
	return got
}

// rawCodec sends bytes unchanged under the name of protobuf.
type rawCodec struct{}

func (rawCodec) Marshal(any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer("\xff\xff\xff\xff")}, nil
}
func (rawCodec) Unmarshal(mem.BufferSlice, any) error { return nil }
func (rawCodec) Name() string                         { return "proto" }

var _ encoding.CodecV2 = rawCodec{}

func TestUndecodableRequest(t *testing.T) {
	t.Parallel()
	v := newWorld(t, way{stats: true}, setup{})
	_ = call(t, v.cc, "/"+unary, grpc.ForceCodecV2(rawCodec{}))
	client, server := v.pair(t)
	if server.Name() != unary {
		t.Errorf("server span %q, want %q", server.Name(), unary)
	}
	wantOutcome(t, server, "INTERNAL", "INTERNAL")
	wantOutcome(t, client, "INTERNAL", "INTERNAL")
	spantest.Golden(t, "undecodable_request", []spantest.Span{server}, v.port(), "{port}", peerPort(server), "{client}",
		`\u00a0`, " ") // protobuf's texts change from build to build on purpose
}

// A request that names a compressor the server lacks never reaches an interceptor either.
func TestUndecompressibleRequest(t *testing.T) {
	t.Parallel()
	//lint:ignore SA1019 the only compressor of one connection; encoding.RegisterCompressor is for the process
	compressor := grpc.WithCompressor(onlyClients{}) //nolint:staticcheck // as above, for golangci-lint
	v := newWorld(t, way{stats: true}, setup{around: []grpc.DialOption{compressor}})
	_ = call(t, v.cc, "/"+unary)
	_, server := v.pair(t)
	if server.Name() != unary {
		t.Errorf("server span %q, want %q", server.Name(), unary)
	}
	wantOutcome(t, server, "UNIMPLEMENTED", "UNIMPLEMENTED")
}

// onlyClients is a compressor that servers do not have.
type onlyClients struct{}

func (onlyClients) Type() string { return "broken" }
func (onlyClients) Do(w io.Writer, p []byte) error {
	_, err := w.Write(p)
	return err
}

func TestUnknownServiceHandler(t *testing.T) {
	answer := func(any, grpc.ServerStream) error { return status.Error(codes.NotFound, "not here") }
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name               string
			opts               []grpcmw.ServerOption
			span, method, orig string
		}{
			{"by default", nil, "grpc", "_OTHER", "a.B/C"},
			{"known", []grpcmw.ServerOption{grpcmw.WithKnownMethod(func(m string) bool { return m == "/a.B/C" })}, "a.B/C", "a.B/C", ""},
			{"not known", []grpcmw.ServerOption{grpcmw.WithKnownMethod(func(string) bool { return false })}, "grpc", "_OTHER", "a.B/C"},
		} {
			v := newWorld(t, w, setup{
				serverOptions: tt.opts, noRegister: true,
				inner: []grpc.ServerOption{grpc.UnknownServiceHandler(answer)},
			})
			_ = call(t, v.cc, "/a.B/C")
			_, server := v.pair(t)
			wantOutcome(t, server, "NOT_FOUND", "")
			if server.Name() != tt.span || server.Text("rpc.method") != tt.method || server.Text("rpc.method_original") != tt.orig {
				t.Errorf("%s: span %q, rpc.method %q, original %q", tt.name, server.Name(), server.Text("rpc.method"), server.Text("rpc.method_original"))
			}
		}
	})
}

// A bidirectional stream that an outer interceptor answered may be an unknown-service handler's.
func TestStreamThatReachedNoInterceptor(t *testing.T) {
	t.Parallel()
	refuse := func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
		return status.Error(codes.Unavailable, "later")
	}
	for _, tt := range []struct {
		name, method, want string
		opts               []grpcmw.ServerOption
	}{
		{"bidirectional", duplex, "_OTHER", nil},
		{"bidirectional, known", duplex, duplex, []grpcmw.ServerOption{grpcmw.WithKnownMethod(func(string) bool { return true })}},
		{"server streaming", output, output, nil},
	} {
		v := newWorld(t, way{stats: true}, setup{serverOptions: tt.opts, outer: []grpc.ServerOption{grpc.ChainStreamInterceptor(refuse)}})
		cs, err := v.cc.NewStream(testContext(t), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/"+tt.method)
		if err != nil {
			t.Fatal(err)
		}
		_ = cs.RecvMsg(&testgrpc.StreamingOutputCallResponse{})
		_, server := v.pair(t)
		wantOutcome(t, server, "UNAVAILABLE", "UNAVAILABLE")
		if got := server.Text("rpc.method"); got != tt.want {
			t.Errorf("%s: rpc.method %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestKnownMethodOnClient(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range []struct {
			name, span, original string
			call                 []grpc.CallOption
			opts                 []grpcmw.ClientOption
		}{
			{"not static", unary, "", nil, nil},
			{"static", unary, "", []grpc.CallOption{grpc.StaticMethod()}, nil},
			{"not known", "grpc", unary, nil, []grpcmw.ClientOption{grpcmw.WithKnownMethod(func(string) bool { return false })}},
		} {
			v := newWorld(t, w, setup{clientOptions: tt.opts})
			_ = call(t, v.cc, "/"+unary, tt.call...)
			client, _ := v.pair(t)
			if client.Name() != tt.span || client.Text("rpc.method_original") != tt.original {
				t.Errorf("%s: span %q, original %q; want %q, %q", tt.name, client.Name(), client.Text("rpc.method_original"), tt.span, tt.original)
			}
		}
	})
}

// A name that the handler gave stays.
func TestHandlerNamesSpan(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{service: &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			trace.SpanFromContext(ctx).SetName("own")
			return &testgrpc.SimpleResponse{}, nil
		}}})
		_ = call(t, v.cc, "/"+unary)
		if _, server := v.pair(t); server.Name() != "own" {
			t.Errorf("span %q, want own", server.Name())
		}
	})
}
