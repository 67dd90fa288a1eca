package e2e_test

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/e2e/samples"
)

// A counter is a receiver that counts the stored spans of a trace.
type counter interface {
	Count(ctx context.Context, traceID string, want int) (int, error)
}

// A counterFunc is the count of a transport's receiver.
type counterFunc func(ctx context.Context, traceID string, want int) (int, error)

// Count calls f.
func (f counterFunc) Count(ctx context.Context, traceID string, want int) (int, error) {
	return f(ctx, traceID, want)
}

// allStored sends spans of one trace at once and fails the test unless the receiver stored each exactly once.
func allStored(t *testing.T, file string, at counter, spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	open(t, file).deliver(spans)
	stores(t, at, spans)
}

func stores(t *testing.T, at counter, spans []sdktrace.ReadOnlySpan) {
	t.Helper()
	got, err := at.Count(t.Context(), spans[0].SpanContext().TraceID().String(), len(spans))
	if err != nil {
		t.Fatal(err)
	}
	if got != len(spans) {
		t.Errorf("%d spans stored, want %d", got, len(spans))
	}
}

// TestManySpans sends 10 000 spans at once with the defaults of every transport.
func TestManySpans(t *testing.T) {
	for _, tr := range transports() {
		if strings.Contains(tr.name, "gzip") {
			continue
		}
		t.Run(tr.name, func(t *testing.T) { tr.floodUntilComplete(t, 10_000, 1) })
	}
}

// TestManySpansToABusyHost sends 10 000 spans at once over UDP while eight processes keep every core busy, so that
// the receiver seldom gets to run: its buffer of 208 KiB fills, and the exporter has to wait for room in it. Where the
// kernel does not show that buffer, only the pace keeps it from overflowing, and such a load loses spans.
func TestManySpansToABusyHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Logf("%s does not show a receiver's buffer, the load is left out", runtime.GOOS)
	} else {
		keepBusy(t, 8)
	}
	for _, tr := range transports() {
		if strings.Contains(tr.name, "udp") {
			t.Run(tr.name, func(t *testing.T) { tr.floodUntilComplete(t, 10_000, 1) })
		}
	}
}

// keepBusy runs so many processes that do nothing but compute, until the test ends.
func keepBusy(t *testing.T, n int) {
	t.Helper()
	for range n {
		command := exec.Command("sh", "-c", "while :; do :; done")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = command.Process.Kill()
			_ = command.Wait()
		})
	}
}

// floodUntilComplete fails the test unless one of so many runs stores every span.
func (tr transport) floodUntilComplete(t *testing.T, n, runs int) {
	t.Helper()
	got := 0
	for range runs {
		if got = tr.flood(t, n); got == n {
			return
		}
		t.Logf("%d of %d spans stored", got, n)
	}
	t.Errorf("%d spans stored, want %d", got, n)
}

// flood sends n spans at once and returns how many were stored.
func (tr transport) flood(t *testing.T, n int) int {
	t.Helper()
	spans := samples.Many(samples.NewTraceID(), n)
	tr.open(t).deliver(spans)
	got, err := tr.count(t.Context(), traceOf(spans), n)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestManySpansIntoADefaultQueue sends 10 000 spans at once to a Jaeger whose collector queues 2000, as it does by
// default: what is over, it drops after it has answered 202. One request of 10 000 loses thousands every time; small
// ones, two at a time, lose some only where Jaeger hardly gets to run (36 in one run of twelve on a busy machine), so
// the test requires one complete run in three.
func TestManySpansIntoADefaultQueue(t *testing.T) {
	j := ownJaeger(t, 5000, "--collector.queue-size=2000")
	for name, section := range withAnswers(5000) {
		t.Run(name, func(t *testing.T) {
			to := transport{name: name, file: "{" + section + "}", count: j.Count}
			to.floodUntilComplete(t, 10_000, 3)
		})
	}
}

// TestLargePayloads sends more than a receiver accepts in one request.
func TestLargePayloads(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		at         counter
		n, size    int
	}{
		{"10 MB over jaeger grpc", `tracing: {exporter_type: jaeger, jaeger: {protocol: grpc}}`, jaeger, 1000, 10_000},
		{"10 MB over jaeger thrift http", `tracing: {exporter_type: jaeger, jaeger: {protocol: http/thrift.binary}}`, jaeger, 1000, 10_000},
		{"512 spans of 10 kB over otlp grpc", `tracing: {exporter_type: otlp}`, jaeger, 512, 10_000},
		{"512 spans of 10 kB over otlp grpc to the collector", `tracing: {exporter_type: otlp, otlp: {endpoint: "http://` + collector.OTLPGRPC() + `"}}`, collector, 512, 10_000},
		{"30 MB over otlp http to the collector", `tracing: {exporter_type: otlp, batch: {max_export_batch_size: 1000, max_queue_size: 1000}, delivery: {queue_bytes: 67108864}, otlp: {protocol: http, endpoint: "http://` + collector.OTLPHTTP() + `"}}`, collector, 1000, 30_000},
		{"one attribute of 1 MB over jaeger thrift http", `tracing: {exporter_type: jaeger, jaeger: {protocol: http/thrift.binary}}`, jaeger, 3, 1_000_000},
		{"one attribute of 1 MB over zipkin", `tracing: {exporter_type: zipkin}`, jaeger, 3, 1_000_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			allStored(t, tt.file, tt.at, samples.Sized(samples.NewTraceID(), tt.n, tt.size))
		})
	}
}
