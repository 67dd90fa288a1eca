package grpcmw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(spantest.EachProvider{M: m}) }

const (
	unary  = "grpc.testing.TestService/UnaryCall"
	output = "grpc.testing.TestService/StreamingOutputCall"
	input  = "grpc.testing.TestService/StreamingInputCall"
	duplex = "grpc.testing.TestService/FullDuplexCall"
)

// A way is one of the two ways of installing the package.
type way struct{ stats bool }

// bothWays runs f for interceptors alone and for ServerOptions and DialOptions.
func bothWays(t *testing.T, f func(t *testing.T, w way)) {
	t.Helper()
	t.Run("interceptors", func(t *testing.T) { t.Parallel(); f(t, way{}) })
	t.Run("stats", func(t *testing.T) { t.Parallel(); f(t, way{stats: true}) })
}

func (w way) server(opts ...grpcmw.ServerOption) []grpc.ServerOption {
	if w.stats {
		return grpcmw.ServerOptions(opts...)
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(grpcmw.UnaryServerInterceptor(opts...)),
		grpc.ChainStreamInterceptor(grpcmw.StreamServerInterceptor(opts...)),
	}
}

func (w way) client(opts ...grpcmw.ClientOption) []grpc.DialOption {
	if w.stats {
		return grpcmw.DialOptions(opts...)
	}
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(grpcmw.UnaryClientInterceptor(opts...)),
		grpc.WithChainStreamInterceptor(grpcmw.StreamClientInterceptor(opts...)),
	}
}

// A service answers as a test wants, by default with the status in the request.
type service struct {
	testgrpc.UnimplementedTestServiceServer
	unary  func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error)
	output func(*testgrpc.StreamingOutputCallRequest, testgrpc.TestService_StreamingOutputCallServer) error
	input  func(testgrpc.TestService_StreamingInputCallServer) error
	duplex func(testgrpc.TestService_FullDuplexCallServer) error
}

func (s *service) UnaryCall(ctx context.Context, req *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	if s.unary != nil {
		return s.unary(ctx, req)
	}
	if want := req.GetResponseStatus(); want != nil {
		return nil, status.Error(codes.Code(want.GetCode()), want.GetMessage())
	}
	return &testgrpc.SimpleResponse{}, nil
}

func (s *service) StreamingOutputCall(req *testgrpc.StreamingOutputCallRequest, ss testgrpc.TestService_StreamingOutputCallServer) error {
	if s.output != nil {
		return s.output(req, ss)
	}
	for range req.GetResponseParameters() {
		if err := ss.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	if want := req.GetResponseStatus(); want != nil {
		return status.Error(codes.Code(want.GetCode()), want.GetMessage())
	}
	return nil
}

func (s *service) StreamingInputCall(ss testgrpc.TestService_StreamingInputCallServer) error {
	if s.input != nil {
		return s.input(ss)
	}
	for {
		_, err := ss.Recv()
		if errors.Is(err, io.EOF) {
			return ss.SendAndClose(&testgrpc.StreamingInputCallResponse{})
		}
		if err != nil {
			return err
		}
	}
}

func (s *service) FullDuplexCall(ss testgrpc.TestService_FullDuplexCallServer) error {
	if s.duplex != nil {
		return s.duplex(ss)
	}
	for {
		_, err := ss.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ss.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

func sized(n int) *testgrpc.StreamingOutputCallRequest {
	return &testgrpc.StreamingOutputCallRequest{ResponseParameters: make([]*testgrpc.ResponseParameters, n)}
}

func asking(code codes.Code, message string) *testgrpc.SimpleRequest {
	return &testgrpc.SimpleRequest{ResponseStatus: &testgrpc.EchoStatus{Code: int32(code), Message: message}}
}

// A setup is what a test changes of a world.
type setup struct {
	service       *service
	network       string // tcp, unix or bufconn
	recorder      *spantest.Recorder
	serverOptions []grpcmw.ServerOption
	clientOptions []grpcmw.ClientOption
	outer, inner  []grpc.ServerOption // around the package's own
	around, under []grpc.DialOption
	noRegister    bool
}

// A world is a server and a client, both traced, with a real connection between them.
type world struct {
	*spantest.Recorder
	server *grpc.Server
	cc     *grpc.ClientConn
	stub   testgrpc.TestServiceClient
	plain  *grpc.ClientConn // not traced, to the same server
	lis    net.Listener
	once   sync.Once
}

func newWorld(t testing.TB, w way, s setup) *world {
	t.Helper()
	if s.recorder == nil {
		s.recorder = spantest.NewRecorder(t)
	}
	ends := countEnds(t, s.recorder)
	v := &world{Recorder: s.recorder}
	with := grpcmw.With(ends)
	v.server = grpc.NewServer(append(append(s.outer, w.server(append([]grpcmw.ServerOption{with}, s.serverOptions...)...)...), s.inner...)...)
	if s.service == nil {
		s.service = &service{}
	}
	if !s.noRegister {
		testgrpc.RegisterTestServiceServer(v.server, s.service)
	}
	var target string
	var dial []grpc.DialOption
	v.lis, target, dial = listen(t, s.network)
	go func() { _ = v.server.Serve(v.lis) }()
	dial = append(dial, insecureDial)
	v.plain = newClient(t, target, dial...)
	dial = append(append(dial, s.around...), w.client(append([]grpcmw.ClientOption{with}, s.clientOptions...)...)...)
	v.cc = newClient(t, target, append(dial, s.under...)...)
	v.stub = testgrpc.NewTestServiceClient(v.cc)
	t.Cleanup(v.stop)
	return v
}

// stop closes the client, then lets the server finish.
func (v *world) stop() {
	v.once.Do(func() {
		_ = v.cc.Close()
		_ = v.plain.Close()
		v.server.GracefulStop()
	})
}

func newClient(t testing.TB, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(target, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

var insecureDial = grpc.WithTransportCredentials(insecure.NewCredentials())

func listen(t testing.TB, network string) (lis net.Listener, target string, dial []grpc.DialOption) {
	t.Helper()
	var err error
	switch network {
	case "bufconn":
		buf := bufconn.Listen(1 << 16)
		return buf, "passthrough:///bufnet", []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return buf.DialContext(ctx)
		})}
	case "unix":
		path := filepath.Join(t.TempDir(), "s")
		if lis, err = net.Listen("unix", path); err != nil {
			t.Fatal(err)
		}
		return lis, "unix:" + path, nil
	}
	if lis, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return lis, lis.Addr().String(), nil
}

// pair waits for the client and the server span of one call and forgets them.
func (v *world) pair(t testing.TB) (client, server spantest.Span) {
	t.Helper()
	spans := v.Wait(t, 2)
	clients, servers := spantest.Of(spans, trace.SpanKindClient), spantest.Of(spans, trace.SpanKindServer)
	if len(clients) != 1 || len(servers) != 1 {
		t.Fatalf("%d client and %d server spans, want one of each", len(clients), len(servers))
	}
	v.Reset()
	return clients[0], servers[0]
}

// port is the listener's, to be replaced in golden text.
func (v *world) port() string {
	_, port, _ := net.SplitHostPort(v.lis.Addr().String())
	return port
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// counted is a Tracing that fails the test if a span is not ended exactly once. The SDK itself does not report a
// second end.
type counted struct {
	*spantest.Tracing
	provider *countingProvider
}

type countingProvider struct {
	embedded.TracerProvider
	inner trace.TracerProvider
	mu    sync.Mutex
	spans []*countedSpan
}

type countingTracer struct {
	embedded.Tracer
	inner trace.Tracer
	p     *countingProvider
}

type countedSpan struct {
	trace.Span
	name string
	mu   *sync.Mutex
	ends int
}

func countEnds(t testing.TB, r *spantest.Recorder) *counted {
	p := &countingProvider{inner: r.TracerProvider}
	t.Cleanup(func() {
		t.Helper()
		r.Settle(t)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, s := range p.spans {
			if s.ends != 1 {
				t.Errorf("span %q was ended %d times, want once", s.name, s.ends)
			}
		}
	})
	return &counted{r.Tracing(), p}
}

func (c *counted) TracerProvider() trace.TracerProvider { return c.provider }

func (p *countingProvider) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return &countingTracer{inner: p.inner.Tracer(name, opts...), p: p}
}

func (c *countingTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, span := c.inner.Start(ctx, name, opts...)
	s := &countedSpan{Span: span, name: name, mu: &c.p.mu}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.spans = append(c.p.spans, s)
	return trace.ContextWithSpan(ctx, s), s
}

func (s *countedSpan) End(opts ...trace.SpanEndOption) {
	s.mu.Lock()
	s.ends++
	s.mu.Unlock()
	s.Span.End(opts...)
}

var _ interface {
	Propagator() propagation.TextMapPropagator
	Instrumentation() tracing.Instrumentation
} = (*counted)(nil)

// traceparent returns outgoing metadata of a caller that no span of this process is.
func traceparent(sampled bool) context.Context {
	flags := 0
	if sampled {
		flags = 1
	}
	value := fmt.Sprintf("00-%s-%s-%02d", callerTrace, callerSpan, flags)
	return metadata.AppendToOutgoingContext(context.Background(), "traceparent", value)
}

const (
	callerTrace = "0af7651916cd43dd8448eb211c80319c"
	callerSpan  = "b7ad6b7169203331"
)
