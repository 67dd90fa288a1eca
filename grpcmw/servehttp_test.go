package grpcmw_test

import (
	"net"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// overHTTP serves s under mw on a plain-text HTTP/2 server and returns a connection to it.
func overHTTP(t *testing.T, r *spantest.Recorder, s *grpc.Server) *grpc.ClientConn {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	hs := &http.Server{Handler: mw.New(mw.With(r.Tracing()))(s), Protocols: protocols}
	go func() { _ = hs.Serve(lis) }()
	cc := newClient(t, lis.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	t.Cleanup(func() {
		_ = cc.Close()
		_ = hs.Close()
		s.Stop()
	})
	return cc
}

func TestServeHTTP(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		s := grpc.NewServer(w.server(grpcmw.With(countEnds(t, r)))...)
		testgrpc.RegisterTestServiceServer(s, &service{output: func(_ *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
			ss.SetTrailer(metadata.Pairs("x-sum", "1"))
			for range 3 {
				if err := ss.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
					return err
				}
			}
			return status.Error(codes.OutOfRange, "no more")
		}})
		cc := overHTTP(t, r, s)
		stub := testgrpc.NewTestServiceClient(cc)

		if _, err := stub.UnaryCall(traceparent(true), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		wantUnder(t, r, unary, "OK")

		cs, err := stub.StreamingOutputCall(traceparent(true), sized(0))
		if err != nil {
			t.Fatal(err)
		}
		n, err := drain(t, receiver(cs))
		if n != 3 || status.Code(err) != codes.OutOfRange || len(cs.Trailer()["x-sum"]) != 1 {
			t.Errorf("%d messages, error %v, trailer %v", n, err, cs.Trailer())
		}
		wantUnder(t, r, output, "OUT_OF_RANGE")

		if w.stats {
			_ = call(t, cc, "/no.Such/Method")
			wantUnder(t, r, "grpc", "UNIMPLEMENTED")
		}
	})
}

// wantUnder waits for an RPC span and, around it, an HTTP span, and forgets them.
func wantUnder(t *testing.T, r *spantest.Recorder, name, code string) {
	t.Helper()
	var rpc, web spantest.Span
	for _, s := range spantest.Of(r.Wait(t, 2), trace.SpanKindServer) {
		if s.Has("rpc.method") {
			rpc = s
		} else {
			web = s
		}
	}
	r.Reset()
	if rpc.ReadOnlySpan == nil || web.ReadOnlySpan == nil {
		t.Fatal("want an HTTP span and an RPC span")
	}
	if rpc.Name() != name || rpc.Text("rpc.response.status_code") != code {
		t.Errorf("RPC span %q with code %s, want %q, %s", rpc.Name(), rpc.Text("rpc.response.status_code"), name, code)
	}
	if rpc.Parent().SpanID() != web.SpanContext().SpanID() || rpc.Parent().IsRemote() {
		t.Errorf("RPC span's parent is %v, want the HTTP span %v", rpc.Parent().SpanID(), web.SpanContext().SpanID())
	}
}

// What mw excludes stays excluded inside.
func TestServeHTTPExcluded(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		r := spantest.NewRecorder(t)
		r.Exclude(t, policy.Rules{Paths: []string{"/grpc.testing.TestService/*"}, RPCs: []string{"/grpc.testing.TestService/*"}})
		s := grpc.NewServer(w.server(grpcmw.With(countEnds(t, r)))...)
		testgrpc.RegisterTestServiceServer(s, &service{})
		cc := overHTTP(t, r, s)
		if err := call(t, cc, "/"+unary); err != nil {
			t.Fatal(err)
		}
		if n := len(r.Spans()); n != 0 {
			t.Errorf("%d spans, want none", n)
		}
	})
}
