package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/e2e/samples"
	"github.com/spanroute/spanroute/e2e/stored"
)

// seen is a span processor that keeps what this process recorded, to compare with what a receiver stored.
type seen struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (*seen) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (s *seen) OnEnd(span sdktrace.ReadOnlySpan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, span)
}

func (*seen) ForceFlush(context.Context) error { return nil }
func (*seen) Shutdown(context.Context) error   { return nil }

// await returns the spans of a trace once there are want; a server span may end after the client has its answer.
func (s *seen) await(t *testing.T, traceID string, want int) (spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		spans = slices.DeleteFunc(slices.Clone(s.spans), func(x sdktrace.ReadOnlySpan) bool { return x.SpanContext().TraceID().String() != traceID })
		s.mu.Unlock()
		if len(spans) >= want {
			return spans
		}
	}
	t.Fatalf("%d spans of trace %s ended, want %d", len(spans), traceID, want)
	return nil
}

// flush delivers every span seen so far: this processor sees a span just before the exporters do.
func (s *seen) flush(t *testing.T, tracing *spanroute.Tracing) {
	t.Helper()
	s.mu.Lock()
	want := uint64(len(s.spans))
	s.mu.Unlock()
	for _, x := range tracing.Stats().Exporters {
		for end := time.Now().Add(10 * time.Second); x.Ended < want && time.Now().Before(end); time.Sleep(time.Millisecond) {
			x = exporterOf(tracing, x.Name)
		}
	}
	flush(t, tracing)
}

func exporterOf(tracing *spanroute.Tracing, name string) spanroute.ExporterStats {
	all := tracing.Stats().Exporters
	return all[slices.IndexFunc(all, func(x spanroute.ExporterStats) bool { return x.Name == name })]
}

// shopFile is a configuration as an operator writes it; the sections of the exporters follow.
const shopFile = `
tracing:
  exporter_type: %s
  service_name: %s
  sample_rate: 1.0
  excluded_urls: readyz,livez,healthz,metrics
  max_tag_value_length: 256
  timeout: 5
  resource_attributes: {deployment.environment.name: e2e}
`

// TestService is a chi API that calls a gRPC service, traced to Jaeger by one file, first of all over OTLP in both
// protocols: the trace that Jaeger's query API returns is the one that this process recorded.
func TestService(t *testing.T) {
	for _, tt := range []struct {
		name, exporter, section string
		format                  stored.Format
	}{
		{"otlp-grpc", "otlp", "  otlp: {protocol: grpc}\n", stored.OTLP},
		{"otlp-http", "otlp", "  otlp: {protocol: http, url: http://localhost:4318/v1/traces, compression: gzip}\n", stored.OTLP},
		{"jaeger-agent", "jaeger", "  jaeger: {protocol: thrift, thrift: {agent_host_name: localhost, agent_port: 6831}}\n", stored.Thrift},
		{"jaeger-grpc", "jaeger", "  jaeger: {collector_endpoint: http://localhost:14250}\n", stored.APIv2},
		{"zipkin", "zipkin", "", stored.Zipkin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := service{name: "shop-" + tt.name, format: tt.format, record: new(seen)}
			s.tracing = start(t, fmt.Sprintf(shopFile, tt.exporter, s.name)+tt.section, spanroute.WithSpanProcessor(s.record))
			s.url = startShop(t, s.tracing)
			for _, request := range shopRequests {
				t.Run(request.name, func(t *testing.T) { s.answers(t, request) })
			}
			t.Run("an excluded request", func(t *testing.T) { excludedLeavesNoTrace(t, s.tracing, s.record, s.url) })
			delivered(t, s.tracing)
		})
	}
}

// service is a running shop whose spans go to Jaeger.
type service struct {
	name, url string
	format    stored.Format
	record    *seen
	tracing   *spanroute.Tracing
}

// answers sends one request and compares the trace that Jaeger has of it with what was recorded, by the mapping.
func (s service) answers(t *testing.T, r shopRequest) {
	trace := samples.NewTraceID().String()
	if got := request(t, r.method, s.url+r.path, "00-"+trace+"-aa00000000000001-01", "vendor=abc"); got != r.status {
		t.Errorf("answered %d, want %d", got, r.status)
	}
	recorded := s.record.await(t, trace, len(r.tree))
	s.record.flush(t, s.tracing)
	got, err := jaeger.Trace(t.Context(), trace, len(r.tree))
	if err != nil {
		t.Fatal(err)
	}
	var want []stored.Span
	for _, span := range recorded {
		want = append(want, stored.AtJaeger(span, s.format))
	}
	stored.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Jaeger stored otherwise than this process recorded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(r.tree, lineage(got)); diff != "" {
		t.Errorf("the tree of the trace (-want +got):\n%s", diff)
	}
	for _, span := range got {
		if span.Service != s.name {
			t.Errorf("service %q, want %q", span.Service, s.name)
		}
	}
}

type shopRequest struct {
	name, method, path string
	status             int
	tree               []string
}

// shopRequests are answered by one trace each; tree lists its spans from the root on.
var shopRequests = []shopRequest{
	{"a unary call", http.MethodGet, "/orders/7", 200, []string{
		"GET /orders/{id} server < aa00000000000001",
		"grpc.testing.TestService/UnaryCall client < GET /orders/{id}",
		"grpc.testing.TestService/UnaryCall server < grpc.testing.TestService/UnaryCall client",
	}},
	{"a stream", http.MethodGet, "/orders/7/lines", 200, []string{
		"GET /orders/{id}/lines server < aa00000000000001",
		"grpc.testing.TestService/StreamingOutputCall client < GET /orders/{id}/lines",
		"grpc.testing.TestService/StreamingOutputCall server < grpc.testing.TestService/StreamingOutputCall client",
	}},
	{"a failure", http.MethodPost, "/orders/7/cancel", 500, []string{
		"POST /orders/{id}/cancel server ERROR < aa00000000000001",
		"grpc.testing.TestService/EmptyCall client ERROR < POST /orders/{id}/cancel",
		"grpc.testing.TestService/EmptyCall server ERROR < grpc.testing.TestService/EmptyCall client",
	}},
	{"a path that nobody serves", http.MethodGet, "/nowhere", 404, []string{"GET server < aa00000000000001"}},
}

// lineage renders every span as "name kind [ERROR] < name of its parent", parents first. A parent that is not in
// the trace is given by its id; one whose name is its child's, with its kind.
func lineage(spans []stored.Span) []string {
	byID := make(map[string]stored.Span)
	for _, s := range spans {
		byID[s.SpanID] = s
	}
	depth := func(s stored.Span) (n int) {
		for p, ok := byID[s.Parent]; ok; p, ok = byID[p.Parent] {
			n++
		}
		return n
	}
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b stored.Span) int { return depth(a) - depth(b) })
	var lines []string
	for _, s := range spans {
		line := s.Name + " " + tag(s, "span.kind")
		if code := tag(s, "otel.status_code"); code != "" {
			line += " " + code
		}
		parent, known := byID[s.Parent]
		switch {
		case !known:
			line += " < " + s.Parent
		case parent.Name == s.Name:
			line += " < " + parent.Name + " " + tag(parent, "span.kind")
		default:
			line += " < " + parent.Name
		}
		lines = append(lines, line)
	}
	return lines
}

func tag(s stored.Span, key string) string {
	for _, a := range s.Attributes {
		if value, ok := strings.CutPrefix(a, key+"=string:"); ok {
			return value
		}
	}
	return ""
}

// excludedLeavesNoTrace sends a health check whose handler calls the gRPC service: no span of either.
func excludedLeavesNoTrace(t *testing.T, tracing *spanroute.Tracing, record *seen, url string) {
	before := tracing.Stats().Exporters[0].Ended
	trace := samples.NewTraceID().String()
	if got := request(t, http.MethodGet, url+"/healthz", "00-"+trace+"-aa00000000000001-01", ""); got != 200 {
		t.Errorf("answered %d, want 200", got)
	}
	other := samples.NewTraceID().String() // its spans end after those of the first would have
	request(t, http.MethodGet, url+"/orders/8", "00-"+other+"-aa00000000000001-01", "")
	record.await(t, other, 3)
	record.flush(t, tracing)
	if got := record.await(t, trace, 0); len(got) != 0 {
		t.Errorf("%d spans of an excluded request, the first %q", len(got), got[0].Name())
	}
	if got := tracing.Stats().Exporters[0].Ended - before; got != 3 {
		t.Errorf("%d spans given to the exporter, want the 3 of the request that is not excluded", got)
	}
}

// delivered fails the test unless every exporter has delivered every span.
func delivered(t *testing.T, tracing *spanroute.Tracing) {
	t.Helper()
	for _, x := range tracing.Stats().Exporters {
		if s := balanced(t, x.Stats); s.Delivered != s.Ended || s.Ended == 0 {
			t.Errorf("%s: %d of %d spans delivered, dropped %v", x.Name, s.Delivered, s.Ended, s.Dropped)
		}
	}
}

// TestFanOut sends the spans of one service to two destinations, over UDP to Jaeger and over OTLP to the collector.
func TestFanOut(t *testing.T) {
	record := new(seen)
	file := fmt.Sprintf(shopFile, "jaeger,otlp", "shop-twice") + "  otlp: {endpoint: http://" + collector.OTLPGRPC() + "}\n"
	tracing := start(t, file, spanroute.WithSpanProcessor(record))
	url := startShop(t, tracing)
	trace := samples.NewTraceID().String()
	request(t, http.MethodGet, url+"/orders/7", "00-"+trace+"-aa00000000000001-01", "vendor=abc")
	spans := record.await(t, trace, 3)
	record.flush(t, tracing)
	for _, to := range transports() {
		if to.name != "jaeger udp compact to Jaeger" && to.name != "otlp grpc to the collector" {
			continue
		}
		got, err := to.read(t.Context(), trace, len(spans))
		if err != nil {
			t.Fatal(err)
		}
		to.same(t, spans, got)
	}
	delivered(t, tracing)
}
