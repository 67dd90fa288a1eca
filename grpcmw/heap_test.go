//go:build !race

package grpcmw_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// part returns a small part of a text.
func part(text string) string { return text[:min(len(text), 7)] }

// A handling is a call and the answer of its handler or server. Its texts are made for each call.
type handling struct {
	name    string
	pairs   func(long string) []string // of metadata
	method  func(long string) string   // unary if nil
	answer  func(ctx context.Context, long string) error
	options []grpcmw.Option
	server  []grpcmw.ServerOption
}

func TestSpansKeepWhatTheyAreCharged(t *testing.T) {
	one := func(key string) func(long string) []string {
		return func(long string) []string { return []string{key, long} }
	}
	padded := func(long string) []string {
		return []string{"traceparent", "00-" + callerTrace + "-" + callerSpan + "-01", "tracestate", "a=1" + strings.Repeat(",", len(long)) + "b=2"}
	}
	parts := grpcmw.WithAttributes(func(ctx context.Context, _ string) []attribute.KeyValue {
		in, _ := metadata.FromIncomingContext(ctx)
		out, _ := metadata.FromOutgoingContext(ctx)
		text := strings.Join(append(in["x-long"], out["x-long"]...), "")
		return []attribute.KeyValue{attribute.String("text", part(text)), attribute.StringSlice("list", []string{part(text), text})}
	})
	for _, tt := range []handling{
		{name: "metadata that is not recorded", pairs: one("x-long")},
		{name: "captured metadata", pairs: one("x-long"), options: []grpcmw.Option{grpcmw.WithCapturedRequestMetadata("x-long")}},
		{name: "captured metadata, part of a long text", pairs: func(long string) []string { return []string{"x-part", part(long)} },
			options: []grpcmw.Option{grpcmw.WithCapturedRequestMetadata("x-part")}},
		{name: "captured binary metadata", pairs: one("x-long-bin"), options: []grpcmw.Option{grpcmw.WithCapturedRequestMetadata("x-long-bin")}},
		{name: "attributes, parts of metadata", pairs: one("x-long"), options: []grpcmw.Option{parts}},
		{name: "unknown method", method: func(long string) string { return "/" + long + "/x" },
			options: []grpcmw.Option{grpcmw.WithKnownMethod(func(string) bool { return false })}},
		{name: "status message", answer: func(_ context.Context, long string) error { return status.Error(codes.Internal, long) }},
		{name: "status message, part of a long text", answer: func(_ context.Context, long string) error { return status.Error(codes.Internal, part(long)) }},
		{name: "panic", answer: func(_ context.Context, long string) error { panic(part(long)) }},
		{name: "panic with a long text", answer: func(_ context.Context, long string) error { panic(errors.New(long)) }},
		{name: "padded tracestate", pairs: padded},
		{name: "padded tracestate of a link", pairs: padded, server: []grpcmw.ServerOption{grpcmw.WithPublicEndpoint()}},
		{name: "port", pairs: func(long string) []string {
			return []string{":authority", "a:" + strings.Repeat("0", len(long)) + "80"}
		}},
	} {
		t.Run("server, "+tt.name, func(t *testing.T) { tt.check(t, tt.serve) })
		t.Run("client, "+tt.name, func(t *testing.T) { tt.check(t, tt.call) })
	}
}

// check measures the spans of calls with texts of all sizes.
func (tt *handling) check(t *testing.T, way func(k *spantest.Keeper) func(long string)) {
	t.Helper()
	for _, size := range spantest.TextSizes {
		k := spantest.NewKeeper()
		k.MinRatio = 0.65
		do := way(k)
		k.WantCharged(t, size, func() {
			defer func() { _ = recover() }()
			do(strings.Repeat("a", size))
		})
	}
}

// serve returns a function that makes a call on the server side.
func (tt *handling) serve(k *spantest.Keeper) func(long string) {
	intercept := grpcmw.UnaryServerInterceptor(append(tt.server, grpcmw.WithOptions(tt.options...), grpcmw.With(k))...)
	return func(long string) {
		ctx := metadata.NewIncomingContext(context.Background(), tt.metadata(long))
		_, _ = intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: tt.fullMethod(long)}, func(ctx context.Context, _ any) (any, error) {
			return nil, tt.end(ctx, long)
		})
	}
}

// call returns a function that makes a call on the client side.
func (tt *handling) call(k *spantest.Keeper) func(long string) {
	intercept := grpcmw.UnaryClientInterceptor(grpcmw.WithOptions(tt.options...), grpcmw.With(k))
	return func(long string) {
		ctx := metadata.NewOutgoingContext(context.Background(), tt.metadata(long))
		_ = intercept(ctx, tt.fullMethod(long), nil, nil, nil, func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			return tt.end(ctx, long)
		})
	}
}

func (tt *handling) metadata(long string) metadata.MD {
	if tt.pairs == nil {
		return nil
	}
	return metadata.Pairs(tt.pairs(long)...)
}

func (tt *handling) fullMethod(long string) string {
	if tt.method == nil {
		return "/" + unary
	}
	return tt.method(long)
}

func (tt *handling) end(ctx context.Context, long string) error {
	if tt.answer == nil {
		return nil
	}
	return tt.answer(ctx, long)
}

// Over a connection, 4 MB of metadata and of method names leave less than 512 KiB on either side.
func TestLongTextsOverAConnection(t *testing.T) {
	const calls, size = 16, 256 << 10
	for _, kind := range []string{"server", "client"} {
		for _, method := range []string{"/" + unary, "/" + strings.Repeat("a", size) + "/x"} {
			k := spantest.NewKeeper()
			opt := grpcmw.WithOptions(grpcmw.With(k), grpcmw.WithCapturedRequestMetadata("x-long"), grpcmw.WithCapturedResponseMetadata("x-long"))
			server, dial := []grpc.ServerOption(nil), []grpc.DialOption{insecureDial}
			if kind == "server" {
				server = way{stats: true}.server(opt)
			} else {
				dial = append(dial, way{stats: true}.client(opt)...)
			}
			cc := servedBy(t, &service{unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				in, _ := metadata.FromIncomingContext(ctx)
				return &testgrpc.SimpleResponse{}, grpc.SetHeader(ctx, metadata.MD{"x-long": in["x-long"]})
			}}, server, dial)
			ctx := metadata.AppendToOutgoingContext(context.Background(), "x-long", strings.Repeat("a", size))
			alive, _ := k.Alive(t, calls, func() {
				_ = cc.Invoke(ctx, strings.Clone(method), &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{})
			})
			if alive > 512<<10 {
				t.Errorf("%s: %d calls of a method of %d bytes keep %d bytes alive, want at most 512 KiB", kind, calls, len(method), alive)
			}
		}
	}
}

// Behind an HTTP server, the full method is a part of the request line. A span does not keep the query of that line alive.
func TestLongQueriesBehindAnHTTPServer(t *testing.T) {
	const calls, size = 10, 900 << 10
	for name, method := range map[string]string{
		"unary": "/" + unary, "stream": "/grpc.testing.TestService/StreamingOutputCall", "unknown": "/grpc.testing.TestService/None",
	} {
		t.Run(name, func(t *testing.T) {
			k := spantest.NewKeeper()
			s := grpc.NewServer(way{stats: true}.server(grpcmw.With(k))...)
			testgrpc.RegisterTestServiceServer(s, &service{})
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(true)
			srv := httptest.NewUnstartedServer(s)
			srv.Config.Protocols = protocols
			srv.Start()
			client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
			target := srv.URL + method + "?" + strings.Repeat("a", size)
			alive, _ := k.Alive(t, calls, func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader(make([]byte, 5))) // an empty message
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/grpc")
				res, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			})
			client.CloseIdleConnections()
			srv.Close()
			s.Stop()
			if alive > 2<<20 {
				t.Errorf("%d calls with a query of %d bytes keep %d bytes alive, want at most 2 MiB", calls, size, alive)
			}
		})
	}
}

// servedBy returns a client of svc over the loopback.
func servedBy(t *testing.T, svc *service, server []grpc.ServerOption, dial []grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	s := grpc.NewServer(server...)
	testgrpc.RegisterTestServiceServer(s, svc)
	lis, target, _ := listen(t, "tcp")
	go func() { _ = s.Serve(lis) }()
	cc := newClient(t, target, dial...)
	t.Cleanup(func() { _ = cc.Close(); s.Stop() })
	return cc
}

// A connection is collected although the provider keeps the spans of its calls, and with them their contexts.
func TestConnectionsAreCollected(t *testing.T) {
	freed := make(chan struct{})
	t.Run("call", func(t *testing.T) {
		v := newWorld(t, way{}, setup{})
		_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
		runtime.AddCleanup(v.cc, func(struct{}) { close(freed) }, struct{}{})
	})
	deadline := time.After(10 * time.Second)
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-deadline:
			t.Fatal("the connection is still in memory")
		case <-time.After(time.Millisecond):
		}
	}
}
