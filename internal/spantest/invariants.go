package spantest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/semattr"
	"github.com/spanroute/spanroute/internal/version"
)

// Import paths of the packages whose spans have invariants. Tests make spans of other scopes.
const (
	scopeHTTP = "github.com/spanroute/spanroute/mw"
	scopeRPC  = "github.com/spanroute/spanroute/grpcmw"
)

// Check waits for the open spans and checks the invariants of all spans. It is called at the end of the test.
func (r *Recorder) Check(t testing.TB) {
	t.Helper()
	r.Settle(t)
	if open := r.Open(); len(open) != r.left {
		t.Errorf("%d spans were never ended, want %d: %v", len(open), r.left, open)
	}
	seen := make(map[trace.SpanID]bool)
	for _, s := range r.Spans() {
		if id := s.SpanContext().SpanID(); seen[id] {
			t.Errorf("span %q (%v) was ended twice", s.Name(), id)
		} else {
			seen[id] = true
		}
		for _, fault := range Faults(s, r.allowed...) {
			t.Errorf("%s\n%s", fault, Render(s))
		}
	}
}

// Faults returns the violations of the invariants of HTTP spans for spans of mw, and of RPC spans for spans of grpcmw.
// Attributes in allowed are those of the program. The invariants are those of the semantic conventions in version
// semattr.SchemaURL and of docs/http.md and docs/grpc.md. They hold for every span, whatever its test is about, so that
// each test of mw and grpcmw also checks what its author did not think of.
func Faults(s Span, allowed ...attribute.Key) []string {
	j := &judge{s: s}
	switch s.InstrumentationScope().Name {
	case scopeHTTP:
		j.http(allowed)
	case scopeRPC:
		j.rpc(allowed)
	}
	return j.faults
}

// A judge collects the faults of one span.
type judge struct {
	s      Span
	faults []string
}

func (j *judge) fault(format string, args ...any) {
	j.faults = append(j.faults, fmt.Sprintf(format, args...))
}

// http checks the attributes of HTTP spans. The keys that are required depend on the kind: a client has the whole URL,
// a server its parts.
func (j *judge) http(allowed []attribute.Key) {
	j.common()
	j.keys(httpKeys, allowed, semattr.HTTPRequestHeaderPrefix, semattr.HTTPResponseHeaderPrefix)
	j.required(semattr.HTTPRequestMethod)
	target := semattr.HTTPRoute
	if j.s.SpanKind() == trace.SpanKindClient {
		target = semattr.URLTemplate
		j.required(semattr.URLFull)
	} else {
		j.required(semattr.URLPath, semattr.URLScheme)
	}
	j.httpName(target)
	if method := j.s.Text(semattr.HTTPRequestMethod); (method == semattr.Other) != j.s.Has(semattr.HTTPRequestMethodOriginal) {
		j.fault("http.request.method %q and http.request.method_original %q do not belong together", method,
			j.s.Text(semattr.HTTPRequestMethodOriginal))
	}
}

// httpName checks the span name of HTTP: the method, and the target if there is one. Programs may name a span without
// a target.
func (j *judge) httpName(target attribute.Key) {
	method := j.s.Text(semattr.HTTPRequestMethod)
	if method == semattr.Other {
		method = "HTTP"
	}
	first, rest, found := strings.Cut(j.s.Name(), " ")
	if first != method {
		return // renamed by the program
	}
	if found && rest != j.s.Text(target) {
		j.fault("span name %q has target %q, but %s is %q", j.s.Name(), rest, target, j.s.Text(target))
	}
}

// rpc checks the attributes of RPC spans. The name of a span must not be text that the peer chose, except for the
// methods that the program knows, because every name is a series in the metrics of a backend.
func (j *judge) rpc(allowed []attribute.Key) {
	j.common()
	j.keys(rpcKeys, allowed, semattr.RPCRequestMetadataPrefix, semattr.RPCResponseMetadataPrefix)
	j.required(semattr.RPCSystemName, semattr.RPCMethod, semattr.RPCResponseStatusCode)
	method := j.s.Text(semattr.RPCMethod)
	if (method == semattr.Other) != j.s.Has(semattr.RPCMethodOriginal) {
		j.fault("rpc.method %q and rpc.method_original %q do not belong together", method, j.s.Text(semattr.RPCMethodOriginal))
	}
	if original := j.s.Text(semattr.RPCMethodOriginal); original != "" && original != "grpc" && j.s.Name() == original {
		j.fault("span name %q is what the peer sent", original)
	}
	if strings.HasPrefix(method, "/") {
		j.fault("rpc.method %q begins with a slash", method)
	}
	if len(j.s.Events()) > 1 {
		j.fault("%d events; there is at most the one of a panic", len(j.s.Events()))
	}
}

// common checks the invariants of all spans: the status, error.type, the kinds, and the bounds of texts and lists.
func (j *judge) common() {
	status := j.s.Status()
	if status.Code == codes.Ok {
		j.fault("status is Ok, which is the user's to set")
	}
	if j.s.Has(semattr.ErrorTypeKey) != (status.Code == codes.Error) {
		j.fault("status is %v, but error.type is %q", status.Code, j.s.Text(semattr.ErrorTypeKey))
	}
	if status.Code == codes.Unset && status.Description != "" {
		j.fault("unset status has the description %q", status.Description)
	}
	if kind := j.s.SpanKind(); kind != trace.SpanKindServer && kind != trace.SpanKindClient {
		j.fault("kind is %v, want server or client", kind)
	}
	scope := j.s.InstrumentationScope()
	if scope.Version != version.Version || scope.SchemaURL != semattr.SchemaURL {
		j.fault("scope is version %q, schema %q; want %q, %q", scope.Version, scope.SchemaURL, version.Version, semattr.SchemaURL)
	}
	if j.s.EndTime().Before(j.s.StartTime()) {
		j.fault("the span ends before it starts")
	}
	j.texts()
}

// texts checks that every text is valid UTF-8 and bounded, wherever it is in the span. Exporters rely on it: an encoder
// repairs a text only as an exception.
func (j *judge) texts() {
	j.text("span name", j.s.Name(), semattr.MaxText)
	j.text("description", j.s.Status().Description, semattr.MaxText)
	j.attributes(j.s.Attributes())
	for _, e := range j.s.Events() {
		j.text("event name", e.Name, semattr.MaxText)
		j.attributes(e.Attributes)
	}
}

// attributes checks the texts of attributes; a stack has a bound of its own.
func (j *judge) attributes(attrs []attribute.KeyValue) {
	for _, kv := range attrs {
		limit := semattr.MaxText
		if kv.Key == semattr.ExceptionStacktrace {
			limit = semattr.MaxStack
		}
		switch kv.Value.Type() {
		case attribute.STRING:
			j.text(string(kv.Key), kv.Value.AsString(), limit)
		case attribute.STRINGSLICE:
			values := kv.Value.AsStringSlice()
			if len(values) > semattr.MaxList {
				j.fault("%s has %d values, want at most %d", kv.Key, len(values), semattr.MaxList)
			}
			for _, v := range values {
				j.text(string(kv.Key), v, limit)
			}
		}
	}
}

// text checks one text, which is named by what.
func (j *judge) text(what, text string, limit int) {
	if !utf8.ValidString(text) {
		j.fault("%s %q is not valid UTF-8", what, text)
	}
	if len(text) > limit {
		j.fault("%s has %d bytes, want at most %d", what, len(text), limit)
	}
}

// required checks that the span has all keys.
func (j *judge) required(keys ...attribute.Key) {
	for _, key := range keys {
		if !j.s.Has(key) {
			j.fault("%s is missing", key)
		}
	}
}

// keys checks that the span has only attributes that the conventions or the test allow, with their types.
func (j *judge) keys(known map[attribute.Key]attribute.Type, allowed []attribute.Key, prefixes ...string) {
	for _, kv := range j.s.Attributes() {
		if slices.Contains(allowed, kv.Key) {
			continue
		}
		want, ok := known[kv.Key]
		for _, prefix := range prefixes {
			if strings.HasPrefix(string(kv.Key), prefix) {
				want, ok = attribute.STRINGSLICE, true
			}
		}
		if !ok {
			j.fault("attribute %s is not one of these spans", kv.Key)
		} else if kv.Value.Type() != want {
			j.fault("attribute %s is a %v, want a %v", kv.Key, kv.Value.Type(), want)
		}
		if kv.Value.Type() == attribute.STRING && kv.Value.AsString() == "" {
			j.fault("attribute %s is empty instead of absent", kv.Key)
		}
	}
}

// httpKeys repeats the keys of semattr and of the semantic conventions, with their types, so that a mistake there is found:
// the constants of semattr would agree with themselves.
var httpKeys = map[attribute.Key]attribute.Type{
	"http.request.method":          attribute.STRING,
	"http.request.method_original": attribute.STRING,
	"http.request.body.size":       attribute.INT64,
	"http.request.resend_count":    attribute.INT64,
	"http.response.body.size":      attribute.INT64,
	"http.response.status_code":    attribute.INT64,
	"http.route":                   attribute.STRING,
	"url.full":                     attribute.STRING,
	"url.path":                     attribute.STRING,
	"url.query":                    attribute.STRING,
	"url.scheme":                   attribute.STRING,
	"url.template":                 attribute.STRING,
	"user_agent.original":          attribute.STRING,
	"client.address":               attribute.STRING,
	"server.address":               attribute.STRING,
	"server.port":                  attribute.INT64,
	"network.peer.address":         attribute.STRING,
	"network.peer.port":            attribute.INT64,
	"network.protocol.version":     attribute.STRING,
	"error.type":                   attribute.STRING,
}

var rpcKeys = map[attribute.Key]attribute.Type{
	"rpc.system.name":          attribute.STRING,
	"rpc.method":               attribute.STRING,
	"rpc.method_original":      attribute.STRING,
	"rpc.response.status_code": attribute.STRING,
	"server.address":           attribute.STRING,
	"server.port":              attribute.INT64,
	"network.peer.address":     attribute.STRING,
	"network.peer.port":        attribute.INT64,
	"error.type":               attribute.STRING,
}
