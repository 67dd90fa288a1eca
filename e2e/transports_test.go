package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/e2e/receivers"
	"github.com/spanroute/spanroute/e2e/samples"
	"github.com/spanroute/spanroute/e2e/stored"
	"github.com/spanroute/spanroute/exporters/delivery"
)

// transport is a connection from one of spanroute's exporters to one of the shared receivers.
type transport struct {
	name   string
	format stored.Format
	file   string // the section below tracing:
	read   func(ctx context.Context, traceID string, want int) ([]stored.Span, error)
	count  func(ctx context.Context, traceID string, want int) (int, error)
	expect func(sdktrace.ReadOnlySpan, stored.Format) stored.Span
}

// transports lists all transports. Those to Jaeger without ports use its defaults.
func transports() []transport {
	toJaeger := func(name string, f stored.Format, file string) transport {
		return transport{name + " to Jaeger", f, file, jaeger.Trace, jaeger.Count, stored.AtJaeger}
	}
	toCollector := func(name string, f stored.Format, file string, args ...any) transport {
		return transport{name + " to the collector", f, fmt.Sprintf(file, args...), collector.Trace, collector.Count, stored.AtCollector}
	}
	return []transport{
		toJaeger("jaeger udp compact", stored.Thrift, `{exporter_type: jaeger}`),
		toJaeger("jaeger udp binary", stored.Thrift, `{exporter_type: jaeger, jaeger: {protocol: udp/thrift.binary}}`),
		toJaeger("jaeger thrift http", stored.Thrift, `{exporter_type: jaeger, jaeger: {protocol: http/thrift.binary}}`),
		toJaeger("jaeger grpc", stored.APIv2, `{exporter_type: jaeger, jaeger: {protocol: grpc}}`),
		toJaeger("zipkin", stored.Zipkin, `{exporter_type: zipkin}`),
		toJaeger("otlp grpc", stored.OTLP, `{exporter_type: otlp}`),
		toJaeger("otlp http", stored.OTLP, `{exporter_type: otlp, otlp: {protocol: http}}`),
		toJaeger("otlp json", stored.OTLP, `{exporter_type: otlp, otlp: {protocol: http/json}}`),

		toCollector("jaeger udp compact", stored.Thrift, `{exporter_type: jaeger, jaeger: {thrift: {agent_port: %d}}}`, receivers.CollectorAgentCompact),
		toCollector("jaeger udp binary", stored.Thrift, `{exporter_type: jaeger, jaeger: {protocol: udp/thrift.binary, thrift: {agent_port: %d}}}`, receivers.CollectorAgentBinary),
		toCollector("jaeger thrift http", stored.Thrift, `{exporter_type: jaeger, jaeger: {collector_endpoint: "http://%s/api/traces"}}`, collector.ThriftHTTP()),
		toCollector("jaeger grpc", stored.APIv2, `{exporter_type: jaeger, jaeger: {protocol: grpc, collector_endpoint: "http://%s"}}`, collector.JaegerGRPC()),
		toCollector("zipkin", stored.Zipkin, `{exporter_type: zipkin, zipkin: {endpoint: "http://%s/api/v2/spans"}}`, collector.Zipkin()),
		toCollector("otlp grpc", stored.OTLP, `{exporter_type: otlp, otlp: {endpoint: "%s", grpc: {insecure: true}}}`, collector.OTLPGRPC()),
		toCollector("otlp grpc gzip", stored.OTLP, `{exporter_type: otlp, otlp: {endpoint: "http://%s", compression: gzip}}`, collector.OTLPGRPC()),
		toCollector("otlp http", stored.OTLP, `{exporter_type: otlp, otlp: {protocol: http, endpoint: "http://%s/v1/traces"}}`, collector.OTLPHTTP()),
		toCollector("otlp http gzip", stored.OTLP, `{exporter_type: otlp, otlp: {protocol: http, endpoint: "%s", compression: gzip}}`, collector.OTLPHTTP()),
		toCollector("otlp json", stored.OTLP, `{exporter_type: otlp, otlp: {protocol: http/json, endpoint: "http://%s"}}`, collector.OTLPHTTP()),
	}
}

// withAnswers are the sections of all transports that get answers, to a Jaeger whose ports are moved by offset.
func withAnswers(offset int) map[string]string {
	at := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port+offset) }
	return map[string]string{
		"jaeger thrift http": fmt.Sprintf(`exporter_type: jaeger, jaeger: {collector_endpoint: "http://%s"}`, at(receivers.CollectorHTTP)),
		"jaeger grpc":        fmt.Sprintf(`exporter_type: jaeger, jaeger: {protocol: grpc, collector_endpoint: "http://%s"}`, at(receivers.CollectorGRPC)),
		"zipkin":             fmt.Sprintf(`exporter_type: zipkin, zipkin: {endpoint: "http://%s"}`, at(receivers.Zipkin)),
		"otlp grpc":          fmt.Sprintf(`exporter_type: otlp, otlp: {endpoint: "http://%s"}`, at(receivers.OTLPGRPC)),
		"otlp http":          fmt.Sprintf(`exporter_type: otlp, otlp: {protocol: http, endpoint: "http://%s"}`, at(receivers.OTLPHTTP)),
	}
}

func (tr transport) open(t *testing.T) destination {
	t.Helper()
	return open(t, "tracing: "+tr.file)
}

// TestTransports sends the same rich set of spans over every transport. What the receiver stored must match the
// mapping of the format, field by field.
func TestTransports(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			tr.compare(t, samples.Rich(samples.NewTraceID()))
		})
	}
}

// TestRepairs sends spans that no format can represent unchanged. Jaeger's query API cannot read a trace with the NaN
// that OTLP rightly carries.
func TestRepairs(t *testing.T) {
	for _, tr := range transports() {
		spans := samples.Odd(samples.NewTraceID())
		if tr.format == stored.OTLP {
			spans = append(spans[:1:1], spans[2])
		}
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			stats := tr.compare(t, spans)
			if stats["utf8"] != 1 || stats["duration"] != 1 {
				t.Errorf("repaired %v, want one utf8 and one duration", stats)
			}
		})
	}
}

// compare returns what was repaired.
func (tr transport) compare(t *testing.T, spans []sdktrace.ReadOnlySpan) map[delivery.Repair]uint64 {
	t.Helper()
	stats := tr.open(t).deliver(spans)
	got, err := tr.read(t.Context(), spans[0].SpanContext().TraceID().String(), len(spans))
	if err != nil {
		t.Fatal(err)
	}
	tr.same(t, spans, got)
	return stats.Repaired
}

// same compares what the receiver stored with what it should have stored of spans.
func (tr transport) same(t *testing.T, spans []sdktrace.ReadOnlySpan, got []stored.Span) {
	t.Helper()
	var want []stored.Span
	for _, s := range spans {
		want = append(want, tr.expect(s, tr.format))
	}
	stored.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: stored otherwise than the mapping says (-want +got):\n%s", tr.name, diff)
	}
}

// TestRandomSpans sends spans of random shape over every transport; the seed is logged when a stored span
// differs from the mapping.
func TestRandomSpans(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			tr.compare(t, samples.Random(samples.NewTraceID(), rand.New(rand.NewPCG(seed, 0)), 60))
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
	}
}
