package transport_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/internal/transport"
)

func newGRPC(t testing.TB, o transport.GRPCOptions) *transport.GRPC {
	t.Helper()
	g, err := transport.NewGRPC(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// serve runs a service /t.T/Call on l that responds with the given answer.
func serve(t testing.TB, l net.Listener, answer func(context.Context) error, opts ...grpc.ServerOption) {
	srv := grpc.NewServer(opts...)
	srv.RegisterService(&grpc.ServiceDesc{ServiceName: "t.T", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Call",
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if err := decode(new(emptypb.Empty)); err != nil {
				return nil, err
			}
			return new(emptypb.Empty), answer(ctx)
		},
	}}}, nil)
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
}

func port(t testing.TB) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func attempt(ctx context.Context, g *transport.GRPC) delivery.Outcome {
	return g.Attempt(ctx, func(ctx context.Context, conn *grpc.ClientConn) error {
		return conn.Invoke(ctx, "/t.T/Call", new(emptypb.Empty), new(emptypb.Empty))
	})
}

func TestVerdictOfACode(t *testing.T) {
	const (
		yes   = delivery.Delivered
		retry = delivery.Retry
		no    = delivery.Rejected
		large = delivery.TooLarge
	)
	info := func(d time.Duration) func(*status.Status) *status.Status {
		return func(s *status.Status) *status.Status {
			s, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(d)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	plain := func(s *status.Status) *status.Status { return s }
	tests := []struct {
		code          codes.Code
		text          string
		details       func(*status.Status) *status.Status
		classic, otlp delivery.Verdict
		after         time.Duration
	}{
		{codes.OK, "", plain, yes, yes, 0},
		{codes.Canceled, "x", plain, retry, retry, 0}, {codes.DeadlineExceeded, "x", plain, retry, retry, 0},
		{codes.Aborted, "x", plain, retry, retry, 0}, {codes.OutOfRange, "x", plain, retry, retry, 0},
		{codes.Unavailable, "x", plain, retry, retry, 0}, {codes.DataLoss, "x", plain, retry, retry, 0},
		{codes.Unavailable, "x", info(3 * time.Second), retry, retry, 3 * time.Second},
		{codes.Unavailable, "x", info(-3 * time.Second), retry, retry, 0},
		{codes.ResourceExhausted, "busy", plain, retry, no, 0},
		{codes.ResourceExhausted, "busy", info(time.Second), retry, retry, time.Second},
		{codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)", plain, large, large, 0},
		{codes.ResourceExhausted, "size exceeds maximum", info(time.Second), large, large, 0},
		{codes.Unknown, "x", plain, no, no, 0}, {codes.InvalidArgument, "x", plain, no, no, 0}, {codes.NotFound, "x", plain, no, no, 0},
		{codes.AlreadyExists, "x", plain, no, no, 0}, {codes.PermissionDenied, "x", plain, no, no, 0},
		{codes.FailedPrecondition, "x", plain, no, no, 0}, {codes.Unimplemented, "x", plain, no, no, 0},
		{codes.Internal, "x", plain, no, no, 0}, {codes.Unauthenticated, "x", plain, no, no, 0},
		{codes.InvalidArgument, "signed by unknown authority", plain, no, no, 0},
	}
	for _, tt := range tests {
		for family, want := range map[transport.Family]delivery.Verdict{transport.Classic: tt.classic, transport.OTLP: tt.otlp} {
			g := newGRPC(t, transport.GRPCOptions{Target: "127.0.0.1:1", Family: family})
			s := status.New(tt.code, tt.text)
			if tt.code != codes.OK {
				s = tt.details(s)
			}
			o := g.Outcome(context.Background(), s.Err())
			if o.Verdict != want || want == retry && o.RetryAfter != tt.after {
				t.Errorf("%s %q, family %d: %s after %v, want %s after %v", tt.code, tt.text, family, o.Verdict, o.RetryAfter, want, tt.after)
			}
		}
	}
}

func TestCallCarriesMetadataAndUserAgent(t *testing.T) {
	l := port(t)
	var md metadata.MD
	serve(t, l, func(ctx context.Context) error { md, _ = metadata.FromIncomingContext(ctx); return nil })
	g := newGRPC(t, transport.GRPCOptions{Target: l.Addr().String(), Headers: transport.Headers{{Name: "X-Tenant", Value: "t1"}}})
	if o := attempt(context.Background(), g); o.Verdict != delivery.Delivered {
		t.Fatalf("outcome = %+v, want delivered", o)
	}
	if got := md.Get("x-tenant"); len(got) != 1 || got[0] != "t1" {
		t.Errorf("x-tenant = %v, want t1", got)
	}
	if got := md.Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "spanroute/") {
		t.Errorf("user-agent = %v, want spanroute/...", got)
	}
}

// TestReconnects: an attempt after an outage does not fail only because gRPC is still waiting.
func TestReconnects(t *testing.T) {
	l := port(t)
	addr := l.Addr().String()
	l.Close()
	g := newGRPC(t, transport.GRPCOptions{Target: addr, From: "x.endpoint"})
	if o := attempt(context.Background(), g); o.Verdict != delivery.Retry || !strings.Contains(o.Err.Error(), "connection refused") {
		t.Fatalf("outcome = %+v, want a retry for connection refused", o)
	}
	// A call fails a moment before the state of the connection changes.
	conn := transport.Conn(g)
	for state := conn.GetState(); state != connectivity.TransientFailure; state = conn.GetState() {
		conn.WaitForStateChange(context.Background(), state)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, again, func(context.Context) error { return nil })
	if o := attempt(context.Background(), g); o.Verdict != delivery.Delivered {
		t.Errorf("attempt after the server came back = %+v, want delivered", o)
	}
}

// A TLS port closes plaintext connections, and a proxy does so before its server has started. The second passes.
func TestServerThatHangsUp(t *testing.T) {
	hangsUp := listen(t, func(c net.Conn) { c.Read(make([]byte, 10)); c.Close() })
	g := newGRPC(t, transport.GRPCOptions{Target: hangsUp})
	if o := attempt(context.Background(), g); o.Verdict != delivery.Retry || !strings.Contains(o.Hint, "if it expects TLS, use https://") {
		t.Errorf("outcome = %+v, want a retry with a hint about https", o)
	}
}

// The common mistake: protocol grpc with the port for HTTP.
func TestGRPCToAnHTTPPort(t *testing.T) {
	srv := server(t, func(http.ResponseWriter, *http.Request) {})
	g := newGRPC(t, transport.GRPCOptions{Target: srv.Listener.Addr().String()})
	if o := attempt(context.Background(), g); o.Verdict != delivery.Misconfigured || !strings.Contains(o.Hint, "not a gRPC port") {
		t.Errorf("outcome = %+v, want misconfigured with a hint about the port", o)
	}
}

// TestRestartIsNoTLSPort: the same hang-up means an outage where gRPC has been spoken before.
func TestRestartIsNoTLSPort(t *testing.T) {
	hangsUp := listen(t, func(c net.Conn) { c.Read(make([]byte, 10)); c.Close() })
	g := newGRPC(t, transport.GRPCOptions{Target: hangsUp})
	g.Outcome(context.Background(), nil)
	if o := attempt(context.Background(), g); o.Verdict != delivery.Retry {
		t.Errorf("outcome = %+v, want a retry", o)
	}
}

func TestGRPCTimeoutAndUnknownHost(t *testing.T) {
	l := port(t)
	serve(t, l, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	g := newGRPC(t, transport.GRPCOptions{Target: l.Addr().String()})
	if o := attempt(ctx, g); o.Verdict != delivery.Retry {
		t.Errorf("outcome of a hang = %+v, want a retry", o)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	g = newGRPC(t, transport.GRPCOptions{Target: "no-such.invalid:4317", From: "otlp.endpoint (app.yaml:1:2)"})
	if o := attempt(ctx, g); o.Verdict != delivery.Retry || ctx.Err() == nil && !strings.Contains(o.Hint, "otlp.endpoint (app.yaml:1:2)") {
		t.Errorf("outcome of an unknown host = %+v, want a retry with the key's place", o)
	}
}
