package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bentoMLExamples are the examples of BentoML's tracing guide, of its version with exporter_type and of the one
// before, word for word (except for the footnote mark after a number).
var bentoMLExamples = []struct{ name, file string }{
	{"zipkin by default", `
api_server:
  tracing:
    exporter_type: zipkin
    sample_rate: 1.0
`},
	{"excluded routes", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  jaeger:
    address: localhost
    port: 6831
  excluded_urls: readyz,livez,healthz,static_content,docs,metrics
`},
	{"a timeout", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  timeout: 5
`},
	{"a length", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  max_tag_value_length: 256
`},
	{"zipkin with a local node", `
tracing:
  exporter_type: zipkin
  sample_rate: 1.0
  zipkin:
    endpoint: http://localhost:9411/api/v2/spans
    local_node_ipv4: "192.168.0.1"
    local_node_ipv6: "2001:db8::c001"
    local_node_port: 31313
`},
	{"a collector over thrift", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  jaeger:
    collector_endpoint: http://localhost:14268/api/traces?format=jaeger.thrift
`},
	{"a collector over grpc", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  jaeger:
    collector_endpoint: http://localhost:14250
`},
	{"an agent", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  jaeger:
    protocol: thrift
    thrift:
      agent_host_name: localhost
      agent_port: 6831
      udp_split_oversized_batches: true
`},
	{"jaeger over grpc", `
tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  jaeger:
    protocol: grpc
    grpc:
      endpoint: http://localhost:14250
      insecure: true # Whether or not collector has encryption or authentication.
`},
	{"otlp over http by default", `
api_server:
  tracing:
    exporter_type: otlp
    sample_rate: 1.0
    otlp:
      protocol: http
`},
	{"otlp over http", `
tracing:
  exporter_type: otlp
  sample_rate: 1.0
  otlp:
    protocol: http
    endpoint: http://localhost:4318/v1/traces
    http:
      certificate_file: /path/to/cert.pem
      headers:
        Keep-Alive: timeout=5, max=1000
`},
	{"otlp over grpc", `
tracing:
  exporter_type: otlp
  sample_rate: 1.0
  otlp:
    protocol: grpc
    endpoint: http://localhost:4317
    grpc:
      insecure: true
      headers:
        - ["grpc-encoding", "gzip"]
`},
	{"legacy zipkin", `
tracing:
   type: zipkin
   sample_rate: 1.0
   zipkin:
     url: http://localhost:9411/api/v2/spans
`},
	{"legacy jaeger", `
tracing:
  type: jaeger
  sample_rate: 1.0
  jaeger:
    address: localhost
    port: 6831
`},
	{"legacy otlp over grpc", `
tracing:
  type: otlp
  sample_rate: 1.0
  otlp:
    protocol: grpc
    url: http://localhost:4317
`},
	{"legacy otlp over http", `
tracing:
  type: otlp
  sample_rate: 1.0
  otlp:
    protocol: http
    url: http://localhost:4318/v1/traces
`},
}

// TestBentoMLExamples sends spans with each example to a Jaeger that runs as the guide describes.
func TestBentoMLExamples(t *testing.T) {
	command := program(t, "./cmd/spanroute")
	for _, example := range bentoMLExamples {
		t.Run(example.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "bentoml_configuration.yaml")
			if err := os.WriteFile(file, []byte(example.file), 0o600); err != nil {
				t.Fatal(err)
			}
			sends(t, exec.Command(command, "send", file), jaeger)
		})
	}
}

// sends runs spanroute send, checks that it reports both spans as delivered, and finds them at the receiver.
func sends(t *testing.T, command *exec.Cmd, at counter) {
	t.Helper()
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(string(out), "\n")
	traceID, ok := strings.CutPrefix(lines[0], "trace ")
	if !ok || !strings.HasSuffix(lines[1], ": delivered 2 spans") {
		t.Fatalf("printed %q, want a trace id and that 2 spans were delivered", out)
	}
	if got, err := at.Count(t.Context(), traceID, 2); err != nil || got != 2 {
		t.Errorf("%d spans stored (%v), want 2", got, err)
	}
}

// TestVariablesAndFlags configures by the environment alone, by OTEL_* and SPANROUTE_* variables, and by
// flags alone.
func TestVariablesAndFlags(t *testing.T) {
	command := program(t, "./cmd/spanroute")
	for _, tt := range []struct {
		name       string
		env, flags []string
		at         counter
	}{
		{"nothing but a type", []string{"OTEL_TRACES_EXPORTER=otlp"}, nil, jaeger},
		{"otlp to the joined path", []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + collector.OTLPHTTP()}, nil, collector},
		{"otlp to the path as it is", []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://" + collector.OTLPHTTP() + "/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, nil, collector},
		{"otlp over grpc without a scheme", []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.OTLPGRPC(), "OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}, nil, collector},
		{"zipkin", []string{"OTEL_TRACES_EXPORTER=zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT=http://" + collector.Zipkin() + "/api/v2/spans"}, nil, collector},
		{"a jaeger agent", []string{"OTEL_TRACES_EXPORTER=jaeger", "OTEL_EXPORTER_JAEGER_AGENT_HOST=127.0.0.1", "OTEL_EXPORTER_JAEGER_AGENT_PORT=16831"}, nil, collector},
		{"a jaeger collector", []string{"OTEL_TRACES_EXPORTER=jaeger", "OTEL_EXPORTER_JAEGER_ENDPOINT=http://" + collector.ThriftHTTP() + "/api/traces"}, nil, collector},
		{"the kit's variables beat others", []string{"OTEL_TRACES_EXPORTER=zipkin", "SPANROUTE_EXPORTER_TYPE=jaeger", "SPANROUTE_JAEGER_PROTOCOL=grpc", "SPANROUTE_JAEGER_COLLECTOR_ENDPOINT=http://" + collector.JaegerGRPC()}, nil, collector},
		{"flags beat variables", []string{"SPANROUTE_EXPORTER_TYPE=jaeger"}, []string{"--tracing.exporter-type=otlp", "--tracing.otlp.endpoint", "http://" + collector.OTLPGRPC()}, collector},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			send := exec.Command(command, append([]string{"send"}, tt.flags...)...)
			send.Env = append([]string{"HOME=" + t.TempDir()}, tt.env...)
			sends(t, send, tt.at)
		})
	}
}
