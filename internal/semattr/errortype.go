package semattr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime/debug"
	"syscall"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// named are the errors that are recorded by their name instead of their type. They are checked in this order;
// os.ErrDeadlineExceeded and context.DeadlineExceeded do not match each other.
var named = []struct {
	err  error
	name string
}{
	{context.DeadlineExceeded, "context.DeadlineExceeded"},
	{context.Canceled, "context.Canceled"},
	{io.EOF, "io.EOF"},
	{io.ErrUnexpectedEOF, "io.ErrUnexpectedEOF"},
	{os.ErrDeadlineExceeded, "os.ErrDeadlineExceeded"},
	{net.ErrClosed, "net.ErrClosed"},
	{http.ErrHandlerTimeout, "net/http.ErrHandlerTimeout"},
	{http.ErrContentLength, "net/http.ErrContentLength"},
	{syscall.ECONNREFUSED, "syscall.ECONNREFUSED"},
	{syscall.ECONNRESET, "syscall.ECONNRESET"},
	{syscall.EPIPE, "syscall.EPIPE"},
	{syscall.EHOSTUNREACH, "syscall.EHOSTUNREACH"},
	{syscall.ENETUNREACH, "syscall.ENETUNREACH"},
	{syscall.ETIMEDOUT, "syscall.ETIMEDOUT"},
}

// ErrorType returns the value of error.type for err, which must not be nil: its [ErrorName], or its Go type without
// the wrappers of net/http and net. It is never the text of the error, so it has few values.
func ErrorType(err error) string {
	if name := ErrorName(err); name != "" {
		return name
	}
	return Text(semconv.ErrorType(unwrapNet(err)).Value.AsString())
}

// ErrorName returns the name of an error that has one: an ErrorType() of its own, or a well-known error in its
// chain. It returns "" for others.
func ErrorName(err error) string {
	var own interface{ ErrorType() string }
	if errors.As(err, &own) {
		if name := own.ErrorType(); name != "" {
			return Own(name)
		}
	}
	for i := range named {
		if errors.Is(err, named[i].err) {
			return named[i].name
		}
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return "*net.DNSError"
	}
	return ""
}

// wrapType is the type of an error of fmt.Errorf that wraps one error.
var wrapType = reflect.TypeOf(fmt.Errorf("%w", io.EOF))

// unwrapNet removes the wrappers that describe where an error happened instead of what it is.
func unwrapNet(err error) error {
	for {
		var inner error
		switch e := err.(type) { // one layer at a time, not the whole chain
		case *url.Error:
			inner = e.Err
		case *net.OpError:
			inner = e.Err
		case *os.SyscallError:
			inner = e.Err
		default:
			if reflect.TypeOf(err) == wrapType {
				inner = errors.Unwrap(err)
			}
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// PanicType returns error.type of a panic with value v: its Go type.
func PanicType(v any) string { return Text(fmt.Sprintf("%T", v)) }

// RecordPanic adds the event of a panic with value v to span, with the stack of the caller. In a deferred function,
// that stack still has the frames that panicked. If message is false, the event does not have v, which may repeat what
// a client sent, and no method of v is called.
func RecordPanic(span trace.Span, v any, message bool) {
	attrs := make([]attribute.KeyValue, 0, 3)
	attrs = append(attrs, ExceptionType.String(PanicType(v)))
	if message {
		attrs = append(attrs, ExceptionMessage.String(Text(panicText(v))))
	}
	attrs = append(attrs, ExceptionStacktrace.String(TextN(string(debug.Stack()), MaxStack)))
	span.AddEvent(ExceptionEvent, trace.WithAttributes(attrs...))
}

// panicText returns the text of v. It is fmt.Sprint, which recovers from a panicking Error or String method.
func panicText(v any) string { return fmt.Sprint(v) }
