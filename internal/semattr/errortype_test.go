package semattr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/internal/semattr"
)

type ownType struct{ name string }

func (ownType) Error() string       { return "own" }
func (e ownType) ErrorType() string { return e.name }

func TestErrorType(t *testing.T) {
	inDial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://h", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)}}
	}
	tests := []struct {
		err  error
		want string
	}{
		{ownType{"quota"}, "quota"},
		{fmt.Errorf("w: %w", ownType{"quota"}), "quota"},
		{ownType{""}, "github.com/spanroute/spanroute/internal/semattr_test.ownType"},
		{context.DeadlineExceeded, "context.DeadlineExceeded"},
		{fmt.Errorf("w: %w", context.Canceled), "context.Canceled"},
		{io.EOF, "io.EOF"},
		{io.ErrUnexpectedEOF, "io.ErrUnexpectedEOF"},
		{os.ErrDeadlineExceeded, "os.ErrDeadlineExceeded"},
		{net.ErrClosed, "net.ErrClosed"},
		{http.ErrHandlerTimeout, "net/http.ErrHandlerTimeout"},
		{http.ErrContentLength, "net/http.ErrContentLength"},
		{inDial(syscall.ECONNREFUSED), "syscall.ECONNREFUSED"},
		{inDial(syscall.ECONNRESET), "syscall.ECONNRESET"},
		{inDial(syscall.EPIPE), "syscall.EPIPE"},
		{inDial(syscall.EHOSTUNREACH), "syscall.EHOSTUNREACH"},
		{inDial(syscall.ENETUNREACH), "syscall.ENETUNREACH"},
		{inDial(syscall.ETIMEDOUT), "syscall.ETIMEDOUT"},
		{inDial(&net.DNSError{Err: "no such host"}), "*net.DNSError"},
		{inDial(syscall.EACCES), "syscall.Errno"},
		{inDial(&fs.PathError{Op: "open", Err: errors.New("x")}), "*fs.PathError"},
		{fmt.Errorf("a: %w", fmt.Errorf("b: %w", inDial(syscall.EACCES))), "syscall.Errno"},
		{errors.New("plain"), "*errors.errorString"},
	}
	for _, tt := range tests {
		t.Run(tt.err.Error(), func(t *testing.T) {
			if got := semattr.ErrorType(tt.err); got != tt.want {
				t.Errorf("ErrorType(%#v) = %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}

type rude struct{}

func (rude) Error() string { panic("no text") }

func TestRecordPanic(t *testing.T) {
	for _, v := range []any{"boom", rude{}, nil, strings.Repeat("é\xff", 5000)} {
		spans := tracetest.NewSpanRecorder()
		_, span := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("t").Start(t.Context(), "s")
		semattr.RecordPanic(span, v, true)
		span.End()
		events := spans.Ended()[0].Events()
		if len(events) != 1 || events[0].Name != "exception" || len(events[0].Attributes) != 3 {
			t.Fatalf("events = %v, want one exception with three attributes", events)
		}
		for _, kv := range events[0].Attributes {
			limit := semattr.MaxText
			if kv.Key == semattr.ExceptionStacktrace {
				limit = semattr.MaxStack
			}
			if len(kv.Value.AsString()) > limit {
				t.Errorf("%s has %d bytes, want at most %d", kv.Key, len(kv.Value.AsString()), limit)
			}
		}
	}
}
