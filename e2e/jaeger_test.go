package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/e2e/receivers"
	"github.com/spanroute/spanroute/e2e/samples"
)

// TestCollectorPaths posts to Jaeger's collector with and without a query, with and without the path, which users often omit.
func TestCollectorPaths(t *testing.T) {
	for _, path := range []string{"/api/traces", "/api/traces?format=jaeger.thrift", "/api/traces/", "/", ""} {
		t.Run("path "+path, func(t *testing.T) {
			t.Parallel()
			file := fmt.Sprintf(`tracing: {exporter_type: jaeger, jaeger: {collector_endpoint: "http://%s%s"}}`, jaeger.Address(receivers.CollectorHTTP), path)
			allStored(t, file, jaeger, samples.Many(samples.NewTraceID(), 3))
		})
	}
}

// TestGRPCTargets reaches Jaeger's gRPC port in every spelling of a plain-text target.
func TestGRPCTargets(t *testing.T) {
	for _, section := range []string{
		"{protocol: grpc, collector_endpoint: localhost:14250, grpc: {insecure: true}}",
		"{protocol: grpc, collector_endpoint: http://localhost:14250}",
		"{protocol: grpc, collector_endpoint: 127.0.0.1:14250, grpc: {insecure: true}}",
		"{collector_endpoint: http://localhost:14250}",
	} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			allStored(t, "tracing: {exporter_type: jaeger, jaeger: "+section+"}", jaeger, samples.Many(samples.NewTraceID(), 3))
		})
	}
}

// TestAgentComesBack stops a real agent and starts it again. No call waits for it, and what was sent meanwhile
// arrives or is counted.
func TestAgentComesBack(t *testing.T) {
	const offset = 5000
	j, err := receivers.StartJaeger(peers, offset)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, fmt.Sprintf(`tracing: {exporter_type: jaeger, jaeger: {thrift: {agent_port: %d}}}`, j.Port(receivers.AgentCompact)))
	before := samples.Many(samples.NewTraceID(), 20)
	d.deliver(before)
	stores(t, j, before)

	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	meanwhile := samples.Many(samples.NewTraceID(), 20)
	d.give(meanwhile[:10])
	shortFlush(t, d)
	began := time.Now()
	d.give(meanwhile[10:])
	if took := time.Since(began); took > time.Second {
		t.Errorf("the application waited %v for an agent that has stopped", took)
	}
	shortFlush(t, d)

	j = ownJaeger(t, offset)
	flush(t, d)
	after := samples.Many(samples.NewTraceID(), 20)
	d.deliverMore(after)
	stores(t, j, after)

	s := d.Stats()
	lost := int(s.DroppedTotal())
	got, err := j.Count(t.Context(), traceOf(meanwhile), len(meanwhile)-lost)
	if err != nil {
		t.Fatal(err)
	}
	if got+lost < len(meanwhile) {
		t.Errorf("%d of %d spans sent while the agent was stopped are stored and %v dropped: the others are not accounted for", got, len(meanwhile), s.Dropped)
	}
}

func traceOf(spans []sdktrace.ReadOnlySpan) string {
	return spans[0].SpanContext().TraceID().String()
}

// shortFlush makes the destination try, and fail, without waiting for the receiver.
func shortFlush(t *testing.T, d destination) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_ = d.ForceFlush(ctx) // nothing listens
}

// deliverMore is deliver for a destination that may have lost spans before.
func (d destination) deliverMore(spans []sdktrace.ReadOnlySpan) {
	d.t.Helper()
	before := d.Stats().Delivered
	d.give(spans)
	flush(d.t, d)
	if s := balanced(d.t, d.Stats()); s.Delivered-before != uint64(len(spans)) {
		d.t.Fatalf("%d of %d spans delivered, dropped %v, last error %q", s.Delivered-before, len(spans), s.Dropped, s.LastError)
	}
}

// TestReceiverStartsLate gives spans to every transport that has answers before a Jaeger listens. All arrive.
func TestReceiverStartsLate(t *testing.T) {
	const offset = 5000
	var given [][]sdktrace.ReadOnlySpan
	var destinations []destination
	for _, section := range withAnswers(offset) {
		d := open(t, "tracing: {batch: {schedule_delay: 10ms}, "+section+"}")
		spans := samples.Many(samples.NewTraceID(), 600)
		d.give(spans)
		destinations, given = append(destinations, d), append(given, spans)
	}
	for _, d := range destinations {
		shortFlush(t, d)
		if s := balanced(t, d.Stats()); s.Queued != 600 {
			t.Errorf("%d spans queued while nobody listens, want 600; dropped %v", s.Queued, s.Dropped)
		}
	}
	j := ownJaeger(t, offset)
	for i, d := range destinations {
		flush(t, d)
		if s := balanced(t, d.Stats()); s.Delivered != 600 || s.Retries == 0 {
			t.Errorf("%d spans delivered after %d retries, want 600 after some; dropped %v, last error %q", s.Delivered, s.Retries, s.Dropped, s.LastError)
		}
		stores(t, j, given[i])
	}
}

// TestClientStats lets a real agent count what the client reports. The agent takes the first batch as its base.
func TestClientStats(t *testing.T) {
	j := ownJaeger(t, 5000)
	d := open(t, fmt.Sprintf(`tracing: {exporter_type: jaeger, jaeger: {thrift: {agent_port: %d, client_stats: true, oversize: drop}}}`, j.Port(receivers.AgentCompact)))
	const batches, dropped = "jaeger_agent_client_stats_batches_sent_total", "jaeger_agent_client_stats_spans_dropped_total"
	trace := samples.NewTraceID()
	spans := samples.Many(trace, 3)
	d.deliver(spans[:1])
	stores(t, j, spans[:1])
	d.give(samples.Sized(samples.NewTraceID(), 1, 70_000)) // too large
	flush(t, d)
	d.deliverMore(spans[1:2])
	d.deliverMore(spans[2:])
	stores(t, j, spans)

	for name, want := range map[string]float64{batches: 2, dropped: 1} {
		labels := []string{}
		if name == dropped {
			labels = append(labels, `cause="too-large"`)
		}
		got, err := j.Metric(t.Context(), name, labels...)
		if err != nil || got != want {
			t.Errorf("the agent's %s %v is %v (%v), want %v", name, labels, got, err, want)
		}
	}
}

// TestInvalidServiceName sends a service name that would hang Jaeger's HTTP port or end its process. It must
// arrive repaired, and a good span afterwards too.
func TestInvalidServiceName(t *testing.T) {
	j := ownJaeger(t, 5000)
	for _, tt := range []struct{ name, section string }{
		{"udp", fmt.Sprintf(`exporter_type: jaeger, jaeger: {thrift: {agent_port: %d}}`, j.Port(receivers.AgentCompact))},
		{"thrift http", fmt.Sprintf(`exporter_type: jaeger, jaeger: {collector_endpoint: "http://%s"}`, j.Address(receivers.CollectorHTTP))},
		{"grpc", fmt.Sprintf(`exporter_type: jaeger, jaeger: {protocol: grpc, collector_endpoint: "http://%s"}`, j.Address(receivers.CollectorGRPC))},
		{"zipkin", fmt.Sprintf(`exporter_type: zipkin, zipkin: {endpoint: "http://%s"}`, j.Address(receivers.Zipkin))},
		{"otlp grpc", fmt.Sprintf(`exporter_type: otlp, otlp: {endpoint: "http://%s"}`, j.Address(receivers.OTLPGRPC))},
		{"otlp http", fmt.Sprintf(`exporter_type: otlp, otlp: {protocol: http, endpoint: "http://%s"}`, j.Address(receivers.OTLPHTTP))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, "tracing: {"+tt.section+"}")
			service := "bad\xff\xfe " + tt.name
			spans := samples.Named(samples.NewTraceID(), service)
			if s := d.deliver(spans); s.Repaired["utf8"] != 1 {
				t.Errorf("repaired %v, want one utf8", s.Repaired)
			}
			stores(t, j, spans)
			good := samples.Many(samples.NewTraceID(), 5)
			d.deliverMore(good)
			stores(t, j, good)
			if !j.Alive() {
				t.Fatal("Jaeger has ended")
			}
			services, err := j.Services(t.Context())
			if want := strings.ToValidUTF8(service, "\uFFFD"); err != nil || !slices.Contains(services, want) {
				t.Errorf("Jaeger lists the services %q (%v), want %q among them", services, err, want)
			}
		})
	}
}

// TestOversizeSpans sends a span that fits no datagram between two that do, with the default oversize policy, truncate.
func TestOversizeSpans(t *testing.T) {
	for _, tt := range []struct {
		oversize     string
		stored       int
		dropped, cut uint64
	}{
		{"drop", 2, 1, 0},
		{"truncate", 3, 0, 1},
	} {
		t.Run(tt.oversize, func(t *testing.T) {
			trace := samples.NewTraceID()
			spans := samples.Many(trace, 3)
			spans[1] = samples.Sized(trace, 2, 70_000)[1]
			d := open(t, "tracing: {exporter_type: jaeger, jaeger: {thrift: {oversize: "+tt.oversize+"}}}")
			d.give(spans)
			flush(t, d)
			s := balanced(t, d.Stats())
			if s.Dropped["too_large"] != tt.dropped || s.Repaired["truncated"] != tt.cut {
				t.Errorf("dropped %v, repaired %v, want %d too large and %d truncated", s.Dropped, s.Repaired, tt.dropped, tt.cut)
			}
			if got, err := jaeger.Count(t.Context(), trace.String(), tt.stored); err != nil || got != tt.stored {
				t.Errorf("%d spans stored (%v), want %d", got, err, tt.stored)
			}
		})
	}
}

// TestOversizeResource sends a resource that fills datagrams by itself. The process is trimmed and marked, the spans arrive.
func TestOversizeResource(t *testing.T) {
	spans := samples.Burdened(samples.NewTraceID(), 70_000)
	s := open(t, "tracing: {exporter_type: jaeger}").deliver(spans)
	if s.Repaired["truncated"] != uint64(len(spans)) {
		t.Errorf("repaired %v, want %d truncated", s.Repaired, len(spans))
	}
	got, err := jaeger.Trace(t.Context(), traceOf(spans), len(spans))
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range got {
		if span.Service != "burdened" || !slices.Equal(span.Resource, []string{"small=string:kept", "spanroute.truncated=bool:true"}) {
			t.Errorf("service %q with resource %.100q, want burdened with its small attribute and the mark", span.Service, span.Resource)
		}
	}
}
