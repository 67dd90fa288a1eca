package e2e_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/e2e/receivers"
	"github.com/spanroute/spanroute/e2e/samples"
	"github.com/spanroute/spanroute/e2e/stored"
)

// TestMaxTagValueLength cuts the text of values to 5 code points, over every transport. Numbers stay whole,
// arrays stay valid JSON where they are text, names and the service's name are never cut.
func TestMaxTagValueLength(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			spans := samples.Long(samples.NewTraceID())
			open(t, "tracing: {max_tag_value_length: 5, "+strings.TrimPrefix(tr.file, "{")).deliver(spans)
			got, err := tr.read(t.Context(), traceOf(spans), 1)
			if err != nil || len(got) != 1 {
				t.Fatalf("%d spans stored (%v), want 1", len(got), err)
			}
			s := got[0]
			if s.Name != "a long name" || s.Service != "a long service name" {
				t.Errorf("name %q of service %q, want neither cut", s.Name, s.Service)
			}
			number, list := "number=int:1234567", `list=string:["a"]`
			switch {
			case tr.format == stored.Zipkin:
				number = "number=string:1234567"
			case tr.format == stored.OTLP && strings.Contains(tr.name, "collector"):
				list = "list=array:[string:a, string:b, string:ccccc]"
			case tr.format == stored.OTLP:
				list = `list=string:["a","b","ccccc"]`
			}
			for _, want := range []string{"text=string:héllo", number, list} {
				if !slices.Contains(s.Attributes, want) {
					t.Errorf("attributes %q, want %q among them", s.Attributes, want)
				}
			}
		})
	}
}

// TestLinkLogs keeps the attributes of a link in a log.
func TestLinkLogs(t *testing.T) {
	spans := samples.Rich(samples.NewTraceID())
	open(t, "tracing: {exporter_type: jaeger, jaeger: {link_logs: true}}").deliver(spans)
	got, err := jaeger.Trace(t.Context(), traceOf(spans), len(spans))
	if err != nil || len(got) != len(spans) {
		t.Fatalf("%d spans stored (%v), want %d", len(got), err, len(spans))
	}
	linked := spans[4]
	link := linked.Links()[0]
	want := []string{
		"event=string:link", "la=string:lv", "otel.dropped_attributes_count=int:1",
		"span_id=string:" + link.SpanContext.SpanID().String(), "trace_id=string:" + link.SpanContext.TraceID().String(),
	}
	if logs := got[4].Events; len(logs) != 1 || !slices.Equal(logs[0].Attributes, want) || logs[0].Time != got[4].Start {
		t.Errorf("logs %+v, want one at the span's start with %q", logs, want)
	}
}

// TestLocalNode sends address and port of the local node.
func TestLocalNode(t *testing.T) {
	spans := samples.Many(samples.NewTraceID(), 1)
	open(t, fmt.Sprintf(`tracing: {exporter_type: zipkin, zipkin: {url: "http://%s", local_node_ipv4: 192.168.0.1, local_node_port: 31313}}`, collector.Zipkin())).deliver(spans)
	got, err := collector.Trace(t.Context(), traceOf(spans), 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d spans stored (%v), want 1", len(got), err)
	}
	if a := got[0].Attributes; !slices.Contains(a, "net.host.port=int:31313") || !slices.ContainsFunc(a, func(s string) bool { return strings.HasSuffix(s, "=string:192.168.0.1") }) {
		t.Errorf("attributes %q, want address and port of the local node", a)
	}
}

// TestCollectorTakesPrecedence configures both: with a collector_endpoint the agent does not receive packets.
func TestCollectorTakesPrecedence(t *testing.T) {
	agent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	allStored(t, fmt.Sprintf(`tracing: {exporter_type: jaeger, jaeger: {collector_endpoint: "http://%s", thrift: {agent_host_name: 127.0.0.1, agent_port: %d}}}`,
		jaeger.Address(receivers.CollectorHTTP), agent.LocalAddr().(*net.UDPAddr).Port), jaeger, samples.Many(samples.NewTraceID(), 3))
	if err := agent.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := agent.ReadFrom(make([]byte, 1<<16)); err == nil {
		t.Errorf("the agent received a packet of %d bytes, want none", n)
	}
}
