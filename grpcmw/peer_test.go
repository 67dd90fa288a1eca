package grpcmw_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

func TestPeers(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		for _, network := range []string{"tcp", "unix", "bufconn"} {
			v := newWorld(t, w, setup{network: network})
			if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
				t.Fatal(err)
			}
			client, server := v.pair(t)
			switch network {
			case "tcp":
				if client.Text("network.peer.address") != "127.0.0.1" || client.Text("network.peer.port") != v.port() {
					t.Errorf("tcp: client's peer is %s, port %s", client.Text("network.peer.address"), client.Text("network.peer.port"))
				}
				if server.Text("network.peer.address") != "127.0.0.1" || !server.Has("network.peer.port") {
					t.Errorf("tcp: server's peer is %s, port %s", server.Text("network.peer.address"), server.Text("network.peer.port"))
				}
			case "unix":
				path := v.lis.Addr().String()
				if client.Text("network.peer.address") != path || client.Has("network.peer.port") {
					t.Errorf("unix: client's peer is %s, want %s", client.Text("network.peer.address"), path)
				}
				if client.Text("server.address") != path || client.Has("server.port") || server.Has("network.peer.address") {
					t.Errorf("unix: server.address %s, server's peer %s", client.Text("server.address"), server.Text("network.peer.address"))
				}
				spantest.Golden(t, "unix_socket", []spantest.Span{client, server}, path, "{path}")
			case "bufconn":
				for _, s := range []spantest.Span{client, server} {
					if s.Has("network.peer.address") || s.Has("network.peer.port") {
						t.Errorf("bufconn: %v has the peer %s", s.SpanKind(), s.Text("network.peer.address"))
					}
				}
			}
		}
	})
}

func TestServerPeerForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr          net.Addr
		address, port string
	}{
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 7}, "192.0.2.1", "7"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 7}, "fe80::1", "7"},
		{&net.UnixAddr{Name: "/run/s", Net: "unix"}, "/run/s", ""},
		{&net.UnixAddr{Name: "@", Net: "unix"}, "", ""},
		{&net.UnixAddr{Net: "unix"}, "", ""},
		{(*net.TCPAddr)(nil), "", ""},
		{nil, "", ""},
	} {
		r := spantest.NewRecorder(t)
		ctx := peer.NewContext(testContext(t), &peer.Peer{Addr: tt.addr})
		serveByHand(ctx, r)
		s := r.One(t)
		if s.Text("network.peer.address") != tt.address || s.Text("network.peer.port") != tt.port {
			t.Errorf("%v: peer %q, port %q; want %q, %q", tt.addr, s.Text("network.peer.address"), s.Text("network.peer.port"), tt.address, tt.port)
		}
	}
}

// serveByHand calls a server interceptor as a test of an application might: without a server.
func serveByHand(ctx context.Context, r *spantest.Recorder, opts ...grpcmw.ServerOption) {
	intercept := grpcmw.UnaryServerInterceptor(append(opts, grpcmw.With(r.Tracing()))...)
	_, _ = intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(context.Context, any) (any, error) { return nil, nil })
}

func TestAuthority(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{around: []grpc.DialOption{grpc.WithAuthority("example.com:443")}})
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		if server.Text("server.address") != "example.com" || server.Text("server.port") != "443" {
			t.Errorf("server.address %s, server.port %s", server.Text("server.address"), server.Text("server.port"))
		}
		if client.Text("server.address") != "127.0.0.1" { // the target, not the authority
			t.Errorf("client's server.address is %s", client.Text("server.address"))
		}
	})
}

func TestAuthorityForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ authority, address, port string }{
		{"example.com", "example.com", ""},
		{"example.com:443", "example.com", "443"},
		{"[2001:db8::1]", "2001:db8::1", ""},
		{"[2001:db8::1]:50051", "2001:db8::1", "50051"},
		{"example.com:0", "example.com", ""},
		{"a:b:c", "", ""},
		{"", "", ""},
		{"user@host", "", ""},
	} {
		r := spantest.NewRecorder(t)
		serveByHand(metadata.NewIncomingContext(testContext(t), metadata.MD{":authority": {tt.authority}}), r)
		s := r.One(t)
		if s.Text("server.address") != tt.address || s.Text("server.port") != tt.port {
			t.Errorf("%q: server.address %q, server.port %q; want %q, %q", tt.authority, s.Text("server.address"), s.Text("server.port"), tt.address, tt.port)
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	r := manual.NewBuilderWithScheme("made-up")
	for _, tt := range []struct{ target, address, port string }{
		{"example.com", "example.com", ""},
		{"example.com:443", "example.com", "443"},
		{"dns:///example.com:443", "example.com", "443"},
		{"dns://192.0.2.53/example.com:443", "example.com", "443"},
		{"passthrough:///example.com", "example.com", ""},
		{"2001:db8::1", "2001:db8::1", ""},
		{"[2001:db8::1]", "2001:db8::1", ""},
		{"[2001:db8::1]:50051", "2001:db8::1", "50051"},
		{"unix:///run/s", "/run/s", ""},
		{"unix:/run/s", "/run/s", ""},
		{"unix:run/s", "run/s", ""},
		{"unix-abstract:name", "@name", ""},
		{"made-up:///a,b", "made-up:///a,b", ""},
		{"passthrough:///a:1,b:2", "passthrough:///a:1,b:2", ""},
	} {
		cc, err := grpc.NewClient(tt.target, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithResolvers(r))
		if err != nil {
			t.Fatalf("%s: %v", tt.target, err)
		}
		rec := spantest.NewRecorder(t)
		intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(rec.Tracing()))
		for range 2 { // the second time it is remembered
			_ = intercept(testContext(t), "/a.B/C", nil, nil, cc, nothing)
		}
		for _, s := range rec.Wait(t, 2) {
			if s.Text("server.address") != tt.address || s.Text("server.port") != tt.port {
				t.Errorf("%s: server.address %q, server.port %q; want %q, %q", tt.target, s.Text("server.address"), s.Text("server.port"), tt.address, tt.port)
			}
		}
		_ = cc.Close()
	}
}

// One interceptor serves several connections at the same time.
func TestTargetsOfSeveralConnections(t *testing.T) {
	t.Parallel()
	r := spantest.NewRecorder(t)
	intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(r.Tracing()))
	var wg sync.WaitGroup
	for _, host := range []string{"a.example", "b.example", "c.example"} {
		cc := newClient(t, host+":1", insecureDial)
		wg.Go(func() {
			for range 50 {
				_ = intercept(testContext(t), "/"+host+"/C", nil, nil, cc, nothing)
			}
		})
	}
	wg.Wait()
	for _, s := range r.Wait(t, 150) {
		if s.Name() != s.Text("server.address")+"/C" {
			t.Errorf("call of %s has server.address %s", s.Name(), s.Text("server.address"))
		}
	}
}

// nothing is an invoker that does nothing.
func nothing(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
	return nil
}

func TestConnectionRefused(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := lis.Addr().String()
	_ = lis.Close()
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		opts := append(w.client(grpcmw.With(countEnds(t, r))), grpc.WithTransportCredentials(insecure.NewCredentials()))
		cc := newClient(t, target, opts...)
		if err := call(t, cc, "/"+unary); status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		s := r.One(t)
		wantOutcome(t, s, "UNAVAILABLE", "UNAVAILABLE")
		if s.Text("server.address") != "127.0.0.1" || s.Has("network.peer.address") {
			t.Errorf("server.address %q, peer %q", s.Text("server.address"), s.Text("network.peer.address"))
		}
		_, port, _ := net.SplitHostPort(target)
		spantest.Golden(t, "connection_refused", []spantest.Span{s}, port, "{port}")
		r.Reset()
		_, err := cc.NewStream(testContext(t), &grpc.StreamDesc{ServerStreams: true}, "/"+output)
		if status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		wantOutcome(t, r.One(t), "UNAVAILABLE", "UNAVAILABLE")
	})
}

func TestWaitForReady(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		res := manual.NewBuilderWithScheme("nobody")
		res.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: "x"}}})
		opts := append(w.client(grpcmw.With(countEnds(t, r))), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithResolvers(res),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }))
		cc := newClient(t, "nobody:///x", opts...)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		err := cc.Invoke(ctx, "/"+unary, &testgrpc.SimpleRequest{}, &testgrpc.SimpleResponse{}, grpc.WaitForReady(true))
		if status.Code(err) != codes.DeadlineExceeded {
			t.Fatal(err)
		}
		wantOutcome(t, r.One(t), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
	})
}

func TestNilClientConn(t *testing.T) {
	t.Parallel()
	r := spantest.NewRecorder(t)
	intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(countEnds(t, r)))
	if err := intercept(testContext(t), "/a.B/C", nil, nil, nil, nothing); err != nil {
		t.Fatal(err)
	}
	if s := r.One(t); s.Has("server.address") || s.Has("server.port") || s.Name() != "a.B/C" {
		t.Errorf("span %q with server.address %q", s.Name(), s.Text("server.address"))
	}
}

// Retries of one call are one span, with the peer of the last attempt.
func TestRetries(t *testing.T) {
	const config = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.001s",
		"maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	bothWays(t, func(t *testing.T, w way) {
		attempts := 0
		v := newWorld(t, w, setup{
			around: []grpc.DialOption{grpc.WithDefaultServiceConfig(config)},
			service: &service{unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				if attempts++; attempts < 3 {
					return nil, status.Error(codes.Unavailable, "again")
				}
				return &testgrpc.SimpleResponse{}, nil
			}},
		})
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		spans := v.Wait(t, 4) // one client span, three RPCs at the server
		client := spantest.Of(spans, trace.SpanKindClient)
		if len(client) != 1 {
			t.Fatalf("%d client spans, want 1", len(client))
		}
		wantOutcome(t, client[0], "OK", "")
		for _, s := range spantest.Of(spans, trace.SpanKindServer) {
			if s.Parent().SpanID() != client[0].SpanContext().SpanID() {
				t.Error("an attempt is no child of the call")
			}
		}
		if client[0].Text("network.peer.port") != v.port() {
			t.Errorf("peer port %s, want %s", client[0].Text("network.peer.port"), v.port())
		}
	})
}

// A streaming call is still retried when it is traced: nothing of the package commits its first attempt.
func TestStreamIsRetried(t *testing.T) {
	const config = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.001s",
		"maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	bothWays(t, func(t *testing.T, w way) {
		attempts := 0
		v := newWorld(t, w, setup{
			around: []grpc.DialOption{grpc.WithDefaultServiceConfig(config)},
			service: &service{output: func(_ *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
				if attempts++; attempts < 3 {
					return status.Error(codes.Unavailable, strings.Repeat("again", attempts))
				}
				return ss.Send(&testgrpc.StreamingOutputCallResponse{})
			}},
		})
		cs, err := v.stub.StreamingOutputCall(testContext(t), sized(0))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := drain(t, receiver(cs)); n != 1 || err != nil {
			t.Fatalf("%d messages, error %v", n, err)
		}
		if got := spantest.Of(v.Wait(t, 4), trace.SpanKindClient); len(got) != 1 {
			t.Errorf("%d client spans, want 1", len(got))
		}
	})
}
