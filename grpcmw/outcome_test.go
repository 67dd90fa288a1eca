package grpcmw_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	otelcodes "go.opentelemetry.io/otel/codes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/spanroute/spanroute/grpcmw"
	"github.com/spanroute/spanroute/internal/spantest"
)

// wantOutcome compares what a span records about the end of its call. errorType "" means: status unset.
func wantOutcome(t *testing.T, s spantest.Span, code, errorType string) {
	t.Helper()
	if got := s.Text("rpc.response.status_code"); got != code {
		t.Errorf("%v span has code %q, want %q", s.SpanKind(), got, code)
	}
	gotType, failed := s.Failed()
	if failed != (errorType != "") || gotType != errorType {
		t.Errorf("%v span has error.type %q, failed = %v; want %q", s.SpanKind(), gotType, failed, errorType)
	}
}

func TestUnaryOK(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		client, server := v.pair(t)
		for _, s := range []spantest.Span{client, server} {
			wantOutcome(t, s, "OK", "")
			if s.Name() != unary || s.Text("rpc.method") != unary || s.Text("rpc.system.name") != "grpc" {
				t.Errorf("span %q, rpc.method %q, rpc.system.name %q", s.Name(), s.Text("rpc.method"), s.Text("rpc.system.name"))
			}
		}
		if got, want := server.Parent().SpanID(), client.SpanContext().SpanID(); got != want || !server.Parent().IsRemote() {
			t.Errorf("server's parent is %v, want the client span %v", got, want)
		}
		if server.SpanContext().TraceID() != client.SpanContext().TraceID() {
			t.Error("two traces, want one")
		}
		spantest.Golden(t, "unary_ok", []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
	})
}

func peerPort(s spantest.Span) string { return s.Text("network.peer.port") }

var codeTests = []struct {
	code   codes.Code
	name   string
	server bool // an error on the server too
}{
	{codes.Canceled, "CANCELLED", false},
	{codes.Unknown, "UNKNOWN", true},
	{codes.InvalidArgument, "INVALID_ARGUMENT", false},
	{codes.DeadlineExceeded, "DEADLINE_EXCEEDED", true},
	{codes.NotFound, "NOT_FOUND", false},
	{codes.AlreadyExists, "ALREADY_EXISTS", false},
	{codes.PermissionDenied, "PERMISSION_DENIED", false},
	{codes.ResourceExhausted, "RESOURCE_EXHAUSTED", false},
	{codes.FailedPrecondition, "FAILED_PRECONDITION", false},
	{codes.Aborted, "ABORTED", false},
	{codes.OutOfRange, "OUT_OF_RANGE", false},
	{codes.Unimplemented, "UNIMPLEMENTED", true},
	{codes.Internal, "INTERNAL", true},
	{codes.Unavailable, "UNAVAILABLE", true},
	{codes.DataLoss, "DATA_LOSS", true},
	{codes.Unauthenticated, "UNAUTHENTICATED", false},
	{9999, "CODE(9999)", false},
}

func TestCodes(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{})
		for _, tt := range codeTests {
			_, err := v.stub.UnaryCall(testContext(t), asking(tt.code, "of no use"))
			if got := status.Code(err); got != tt.code {
				t.Fatalf("caller got %v, want %v", got, tt.code)
			}
			client, server := v.pair(t)
			wantOutcome(t, client, tt.name, tt.name)
			if got := client.Status().Description; got != "of no use" {
				t.Errorf("%s: client's description is %q, want the message", tt.name, got)
			}
			if tt.server {
				wantOutcome(t, server, tt.name, tt.name)
			} else {
				wantOutcome(t, server, tt.name, "")
			}
			if name := map[codes.Code]string{codes.NotFound: "unary_not_found", codes.Internal: "unary_internal"}[tt.code]; name != "" {
				spantest.Golden(t, name, []spantest.Span{client, server}, v.port(), "{port}", peerPort(server), "{client}")
			}
		}
	})
}

// A peer may send grpc-status: -1, which grpc-go makes the highest code there is. On 32 bits no int holds it.
func TestHighestCode(t *testing.T) {
	r := spantest.NewRecorder(t)
	call := grpcmw.UnaryClientInterceptor(grpcmw.With(r.Tracing()))
	invoker := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
		return status.Error(math.MaxUint32, "")
	}
	if err := call(testContext(t), "/"+unary, nil, nil, nil, invoker); status.Code(err) != math.MaxUint32 {
		t.Errorf("caller got %v", err)
	}
	wantOutcome(t, r.One(t), "CODE(4294967295)", "CODE(4294967295)")
}

// nilStatus is an error that claims to have a status and has none.
type nilStatus struct{}

func (nilStatus) Error() string              { return "no status" }
func (nilStatus) GRPCStatus() *status.Status { return nil }

func TestErrorsOfHandlers(t *testing.T) {
	tests := []struct {
		name, code, errorType string
		err                   error
	}{
		{"a wrapped status", "NOT_FOUND", "", fmt.Errorf("w: %w", status.Error(codes.NotFound, "gone"))},
		{"a status that is an error on servers, wrapped", "DATA_LOSS", "DATA_LOSS", fmt.Errorf("w: %w", status.Error(codes.DataLoss, "gone"))},
		{"a nil status", "UNKNOWN", "UNKNOWN", nilStatus{}},
		{"a nil status, wrapped", "UNKNOWN", "UNKNOWN", fmt.Errorf("w: %w", nilStatus{})},
		{"a plain error", "UNKNOWN", "UNKNOWN", fmt.Errorf("plain")},
		{"a wrapped cancel", "CANCELLED", "", fmt.Errorf("w: %w", context.Canceled)},
		{"a wrapped deadline", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", fmt.Errorf("w: %w", context.DeadlineExceeded)},
	}
	bothWays(t, func(t *testing.T, w way) {
		var answer error
		v := newWorld(t, w, setup{service: &service{unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			return nil, answer
		}}})
		for _, tt := range tests {
			answer = tt.err
			if _, err := v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{}); err == nil {
				t.Fatalf("%s: no error", tt.name)
			}
			client, server := v.pair(t)
			wantOutcome(t, server, tt.code, tt.errorType)
			wantOutcome(t, client, tt.code, tt.code)
		}
	})
}

func TestDescription(t *testing.T) {
	tests := []struct {
		name, message, want string
		opts                []grpcmw.Option
	}{
		{"a message", "disk is full", "disk is full", nil},
		{"a message not wanted", "disk is full", "", []grpcmw.Option{grpcmw.WithoutStatusMessage()}},
		{"a message of 1 MiB", strings.Repeat("é", 1<<19), strings.Repeat("é", 2048), nil},
		{"a message that is no UTF-8", "a\xffb", "a\uFFFDb", nil},
	}
	bothWays(t, func(t *testing.T, w way) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				v := newWorld(t, w, setup{
					serverOptions: []grpcmw.ServerOption{grpcmw.WithOptions(tt.opts...)}, clientOptions: []grpcmw.ClientOption{grpcmw.WithOptions(tt.opts...)},
					// The message does not go over the wire: gRPC would clean it, and a client refuses a header of 1 MiB.
					service: &service{unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
						return nil, status.Error(codes.Internal, tt.message)
					}},
				})
				_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
				_, server := v.pair(t)
				if got := server.Status(); got.Code != otelcodes.Error || got.Description != tt.want {
					t.Errorf("description is %.40q (%d bytes), want %.40q (%d bytes)", got.Description, len(got.Description), tt.want, len(tt.want))
				}
			})
		}
	})
}

func TestErrorCodeOption(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{
			serverOptions: []grpcmw.ServerOption{grpcmw.WithErrorCode(func(c codes.Code) bool { return c == codes.NotFound })},
			clientOptions: []grpcmw.ClientOption{grpcmw.WithErrorCode(func(c codes.Code) bool { return c != codes.NotFound })},
		})
		for _, tt := range []struct {
			code                 codes.Code
			name, server, client string
		}{
			{codes.NotFound, "NOT_FOUND", "NOT_FOUND", ""},
			{codes.Internal, "INTERNAL", "", "INTERNAL"},
			{codes.OK, "OK", "", ""}, // the function is not called
		} {
			_, _ = v.stub.UnaryCall(testContext(t), asking(tt.code, ""))
			client, server := v.pair(t)
			wantOutcome(t, server, tt.name, tt.server)
			wantOutcome(t, client, tt.name, tt.client)
		}
	})
}

func TestOuterInterceptorAnswers(t *testing.T) {
	auth := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return nil, status.Error(codes.Unauthenticated, "who are you")
	}
	v := newWorld(t, way{stats: true}, setup{outer: []grpc.ServerOption{grpc.ChainUnaryInterceptor(auth)}})
	_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
	client, server := v.pair(t)
	if server.Name() != unary {
		t.Errorf("server span %q, want %q", server.Name(), unary)
	}
	wantOutcome(t, server, "UNAUTHENTICATED", "")
	if server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Error("the late span is no child of the caller")
	}
	spantest.Golden(t, "outer_interceptor", []spantest.Span{server}, v.port(), "{port}", peerPort(server), "{client}")
}

// A response that an outer interceptor changed takes the code that was sent.
func TestOuterInterceptorChangesError(t *testing.T) {
	change := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		_, _ = handler(ctx, req)
		return nil, status.Error(codes.DataLoss, "changed")
	}
	v := newWorld(t, way{stats: true}, setup{outer: []grpc.ServerOption{grpc.ChainUnaryInterceptor(change)}})
	_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
	_, server := v.pair(t)
	wantOutcome(t, server, "DATA_LOSS", "DATA_LOSS")
}

func TestResponseCannotBeSent(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		v := newWorld(t, w, setup{
			outer: []grpc.ServerOption{grpc.MaxSendMsgSize(8)},
			service: &service{unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				return &testgrpc.SimpleResponse{Username: "longer than eight bytes"}, nil
			}},
		})
		_, _ = v.stub.UnaryCall(testContext(t), &testgrpc.SimpleRequest{})
		client, server := v.pair(t)
		wantOutcome(t, client, "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED")
		if w.stats { // an interceptor alone sees success
			wantOutcome(t, server, "RESOURCE_EXHAUSTED", "")
		}
	})
}
