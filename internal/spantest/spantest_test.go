package spantest_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/internal/version"
)

// made returns a span of a scope that has been through change.
func made(t *testing.T, scope, name string, kind trace.SpanKind, attrs []attribute.KeyValue, change func(trace.Span)) spantest.Span {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer(scope,
		trace.WithInstrumentationVersion(version.Version), trace.WithSchemaURL(semattr.SchemaURL))
	_, span := tracer.Start(t.Context(), name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	change(span)
	span.End()
	return spantest.Span{ReadOnlySpan: spans.Ended()[0]}
}

func attrs(pairs ...string) (list []attribute.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, attribute.String(pairs[i], pairs[i+1]))
	}
	return list
}

const (
	scopeHTTP = "github.com/spanroute/spanroute/mw"
	scopeRPC  = "github.com/spanroute/spanroute/grpcmw"
)

func TestFaultsOfHTTP(t *testing.T) {
	good := attrs("http.request.method", "GET", "url.path", "/", "url.scheme", "http")
	with := func(more ...attribute.KeyValue) []attribute.KeyValue {
		return append(append([]attribute.KeyValue(nil), good...), more...)
	}
	unchanged := func(trace.Span) {}
	tests := []struct {
		name, span string
		kind       trace.SpanKind
		attrs      []attribute.KeyValue
		change     func(trace.Span)
		fault      string
	}{
		{"nothing wrong", "GET", trace.SpanKindServer, good, unchanged, ""},
		{"status Ok", "GET", trace.SpanKindServer, good, func(s trace.Span) { s.SetStatus(codes.Ok, "") }, "status is Ok"},
		{"an error without error.type", "GET", trace.SpanKindServer, good, func(s trace.Span) { s.SetStatus(codes.Error, "") }, "error.type is"},
		{"error.type without an error", "GET", trace.SpanKindServer, with(attribute.String("error.type", "500")), unchanged, "error.type is"},
		{"an internal span", "GET", trace.SpanKindInternal, good, unchanged, "kind is internal"},
		{"a name with a target that is not an attribute", "GET /x", trace.SpanKindServer, good, unchanged, "has target"},
		{"an unknown key", "GET", trace.SpanKindServer, with(attribute.String("net.peer.ip", "x")), unchanged, "is not one of these"},
		{"a value of another type", "GET", trace.SpanKindServer, with(attribute.String("server.port", "80")), unchanged, "server.port is a STRING"},
		{"empty", "GET", trace.SpanKindServer, with(attribute.String("url.query", "")), unchanged, "empty instead of absent"},
		{"invalid UTF-8", "GET", trace.SpanKindServer, with(attribute.String("url.query", "\xff")), unchanged, "not valid UTF-8"},
		{"a text that is too long", "GET", trace.SpanKindServer, with(attribute.String("url.query", strings.Repeat("x", 5000))), unchanged, "5000 bytes"},
		{"a list that is too long", "GET", trace.SpanKindServer, with(attribute.StringSlice("http.request.header.a", make([]string, 17))), unchanged, "17 values"},
		{"missing", "GET", trace.SpanKindClient, good, unchanged, "url.full is missing"},
		{"method without original", "HTTP", trace.SpanKindServer, attrs("http.request.method", "_OTHER", "url.path", "/", "url.scheme", "http"), unchanged, "do not belong together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(spantest.Faults(made(t, scopeHTTP, tt.span, tt.kind, tt.attrs, tt.change)), "\n")
			if tt.fault == "" && got != "" || !strings.Contains(got, tt.fault) {
				t.Errorf("faults = %q, want %q", got, tt.fault)
			}
		})
	}
}

func TestFaultsOfRPC(t *testing.T) {
	good := attrs("rpc.system.name", "grpc", "rpc.method", "pkg.Svc/M", "rpc.response.status_code", "OK")
	tests := []struct {
		name  string
		attrs []attribute.KeyValue
		fault string
	}{
		{"nothing wrong", good, ""},
		{"slash", attrs("rpc.system.name", "grpc", "rpc.method", "/pkg.Svc/M", "rpc.response.status_code", "OK"), "begins with a slash"},
		{"no code", good[:2], "rpc.response.status_code is missing"},
		{"old key", append(good[:3:3], attribute.String("rpc.system", "grpc")), "is not one of these"},
		{"no original", attrs("rpc.system.name", "grpc", "rpc.method", "_OTHER", "rpc.response.status_code", "OK"), "do not belong together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := made(t, scopeRPC, "pkg.Svc/M", trace.SpanKindServer, tt.attrs, func(trace.Span) {})
			got := strings.Join(spantest.Faults(s), "\n")
			if tt.fault == "" && got != "" || !strings.Contains(got, tt.fault) {
				t.Errorf("faults = %q, want %q", got, tt.fault)
			}
		})
	}
}

func TestOtherScopesAreTheTestsOwn(t *testing.T) {
	s := made(t, "user", "anything", trace.SpanKindInternal, nil, func(s trace.Span) { s.SetStatus(codes.Ok, "") })
	if faults := spantest.Faults(s); len(faults) != 0 {
		t.Errorf("faults = %q, want none", faults)
	}
}

func TestRecorderKnowsOpenSpans(t *testing.T) {
	rec := spantest.NewRecorder(t)
	_, span := rec.Tracer("user").Start(t.Context(), "open")
	if open := rec.Open(); len(open) != 1 || open[0] != "open" {
		t.Errorf("open = %q, want the one that was started", open)
	}
	span.End()
	if got := rec.One(t); got.Name() != "open" || len(rec.Open()) != 0 {
		t.Errorf("ended %q, still open %q", got.Name(), rec.Open())
	}
}
