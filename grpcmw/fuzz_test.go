package grpcmw_test

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// FuzzIncoming gives a server whatever a peer may send: the invariants hold, the handler runs once.
func FuzzIncoming(f *testing.F) {
	f.Add("traceparent", "00-"+callerTrace+"-"+callerSpan+"-01", "a=1", "example.com:443", "[::1]:80", "not found", uint32(5))
	f.Add("tracestate", "00--\xff-", "=,=", "[", "1.2.3.4", "\xff", uint32(2))
	f.Add(":authority", "", "\x00", ":::", "@", "", uint32(9999))
	f.Add("x-bin", "ff-0-0-0", "k=v", "a:99999", "[fe80::1%e]:1", "\xed\xa0\x80", uint32(13))
	f.Fuzz(func(t *testing.T, key, traceparent, tracestate, authority, addr, message string, code uint32) {
		r := spantest.NewRecorder(t)
		intercept := grpcmw.UnaryServerInterceptor(grpcmw.With(r.Tracing()), grpcmw.WithCapturedRequestMetadata(key, "traceparent"))
		md := metadata.MD{key: {message, addr}, "traceparent": {traceparent}, "tracestate": {tracestate}, "baggage": {tracestate}, ":authority": {authority}}
		ctx := peer.NewContext(metadata.NewIncomingContext(context.Background(), md), &peer.Peer{Addr: text(addr)})
		ran := 0
		_, err := intercept(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, func(ctx context.Context, _ any) (any, error) {
			ran++
			if !trace.SpanContextFromContext(ctx).IsValid() {
				t.Error("the handler has no valid span context")
			}
			return nil, status.Error(codes.Code(code), message)
		})
		if s := r.One(t); ran != 1 || s.Name() != "a.B/C" || (err == nil) != (code == 0) {
			t.Errorf("handler ran %d times, span %q, error %v", ran, s.Name(), err)
		}
	})
}

type text string

func (text) Network() string  { return "tcp" }
func (s text) String() string { return string(s) }

// FuzzUnknownMethod gives the stats handler any method, as grpc-go does before it looks it up.
func FuzzUnknownMethod(f *testing.F) {
	for _, method := range []string{"/" + strings.Repeat("é", 3000) + "/x", "/a.B/C", "/a/b/c", "//", "/\xff/\xff", "", "/", "grpc", "/_OTHER/x"} {
		f.Add(method)
	}
	f.Fuzz(func(t *testing.T, method string) {
		r := spantest.NewRecorder(t)
		h := grpcmw.ServerStatsHandler(grpcmw.With(r.Tracing()))
		ctx := h.TagRPC(context.Background(), &stats.RPCTagInfo{FullMethodName: method})
		h.HandleRPC(ctx, &stats.InHeader{Header: metadata.MD{}})
		h.HandleRPC(ctx, &stats.OutTrailer{})
		if s := r.One(t); s.Name() != "grpc" {
			t.Errorf("span %q, want grpc", s.Name())
		}
		if strings.TrimPrefix(method, "/") == "" {
			r.Reset() // what was called is empty, which the invariants forbid; grpc-go refuses such a path
		}
	})
}

// FuzzClientMethod calls any method: never a panic, always one span whose name is the method or grpc.
func FuzzClientMethod(f *testing.F) {
	for _, method := range []string{"/" + strings.Repeat("é", 3000) + "/x", "/a.B/C", "foo", "//x", "/x/", "", "/\xff/x", "///0"} {
		f.Add(method, "value")
	}
	f.Fuzz(func(t *testing.T, method, value string) {
		r := spantest.NewRecorder(t)
		intercept := grpcmw.UnaryClientInterceptor(grpcmw.With(r.Tracing()), grpcmw.WithCapturedRequestMetadata("x"))
		ctx := metadata.AppendToOutgoingContext(context.Background(), "x", value, "traceparent", value)
		if err := intercept(ctx, method, nil, nil, nil, nothing); err != nil {
			t.Fatal(err)
		}
		s := r.One(t)
		if s.Name() != "grpc" && s.Name() != s.Text("rpc.method") {
			t.Errorf("%q: span %q, rpc.method %q", method, s.Name(), s.Text("rpc.method"))
		}
		if strings.TrimPrefix(method, "/") == "" {
			r.Reset() // as above
		}
	})
}
