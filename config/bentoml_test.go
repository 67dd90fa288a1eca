package config_test

import "testing"

// The configurations in both editions of BentoML's guide load as the guide describes.
func TestBentoMLExamples(t *testing.T) {
	runAll(t, []situation{
		{
			name: "agent under api_server",
			raw:  "api_server:\n  tracing:\n    exporter_type: jaeger\n    sample_rate: 1.0\n    jaeger:\n      protocol: thrift\n      thrift: {agent_host_name: localhost}\n",
			want: values{"exporter_type": "jaeger", "sample_rate": "1", "jaeger.thrift.agent_host_name": "localhost", "jaeger.thrift.agent_port": "6831"},
		},
		{
			name: "the agent's variable beats the file",
			raw:  "api_server:\n  tracing:\n    exporter_type: jaeger\n    sample_rate: 0.8\n    jaeger: {protocol: thrift, thrift: {agent_host_name: localhost, agent_port: 6831}}\n",
			env:  []string{"OTEL_EXPORTER_JAEGER_AGENT_HOST=jaeger", "OTEL_EXPORTER_JAEGER_AGENT_PORT=6831", "BENTOML_CONFIG=/home/bentoml/bentoml_configuration.yaml"},
			want: values{"jaeger.thrift.agent_host_name": "jaeger", "jaeger.thrift.agent_port": "6831", "sample_rate": "0.8"},
		},
		{
			name: "zipkin by its name alone",
			raw:  "api_server:\n  tracing:\n    exporter_type: zipkin\n    sample_rate: 1.0\n",
			want: values{"exporter_type": "zipkin", "zipkin.endpoint": zipkinEndpoint},
		},
		{
			name:  "legacy agent and excluded routes",
			file:  onJaeger + "jaeger:\n  address: localhost\n  port: 6831\nexcluded_urls: readyz,livez,healthz,static_content,docs,metrics",
			kinds: only("alias", "alias"),
			want: values{
				"excluded_urls":                 "readyz,livez,healthz,static_content,docs,metrics",
				"jaeger.thrift.agent_host_name": "localhost", "jaeger.thrift.agent_port": "6831",
			},
		},
		{name: "timeout", file: onJaeger + "timeout: 5", want: values{"timeout": "5s", "jaeger.timeout": "5s"}},
		{name: "length", file: onJaeger + "max_tag_value_length: 256", want: values{"max_tag_value_length": "256"}},
		{
			name: "zipkin with a local node",
			file: onZipkin + "zipkin:\n  endpoint: http://localhost:9411/api/v2/spans\n  local_node_ipv4: \"192.168.0.1\"\n  local_node_ipv6: \"2001:db8::c001\"\n  local_node_port: 31313",
			want: values{
				"zipkin.endpoint": zipkinEndpoint, "zipkin.local_node_ipv4": "192.168.0.1",
				"zipkin.local_node_ipv6": "2001:db8::c001", "zipkin.local_node_port": "31313",
			},
		},
		{
			name: "collector by HTTP",
			file: onJaeger + "jaeger:\n  collector_endpoint: http://localhost:14268/api/traces?format=jaeger.thrift",
			want: values{"jaeger.collector_endpoint": "http://localhost:14268/api/traces?format=jaeger.thrift", "jaeger.protocol": "thrift"},
		},
		{
			name:  "collector by its gRPC port",
			file:  onJaeger + "jaeger:\n  collector_endpoint: http://localhost:14250",
			kinds: only("inferred"),
			want:  values{"jaeger.collector_endpoint": "http://localhost:14250", "jaeger.protocol": "grpc"},
		},
		{
			name: "agent in full",
			file: onJaeger + "jaeger:\n  protocol: thrift\n  thrift:\n    agent_host_name: localhost\n    agent_port: 6831\n    udp_split_oversized_batches: true",
			want: values{"jaeger.thrift.udp_split_oversized_batches": "true", "jaeger.thrift.agent_port": "6831"},
		},
		{
			name:  "collector by gRPC",
			file:  onJaeger + "jaeger:\n  protocol: grpc\n  grpc:\n    endpoint: http://localhost:14250\n    insecure: true # no encryption",
			kinds: only("alias"),
			want:  values{"jaeger.collector_endpoint": "http://localhost:14250", "jaeger.grpc.insecure": "true"},
		},
		{
			name: "otlp by HTTP",
			raw:  "api_server:\n  tracing:\n    exporter_type: otlp\n    sample_rate: 1.0\n    otlp: {protocol: http}\n",
			want: values{"otlp.protocol": "http", "otlp.endpoint": "http://localhost:4318/v1/traces"},
		},
		{
			name:  "otlp by HTTP in full",
			file:  onOTLP + "otlp:\n  protocol: http\n  endpoint: http://localhost:4318/v1/traces\n  http:\n    certificate_file: /path/to/cert.pem\n    headers:\n      Keep-Alive: timeout=5, max=1000",
			kinds: only("ignored", "suspicious"), // the certificate on a plain connection; a header for one hop
			want:  values{"otlp.endpoint": "http://localhost:4318/v1/traces", "otlp.http.headers": "Keep-Alive=***"},
		},
		{
			name:  "otlp by gRPC in full",
			file:  onOTLP + "otlp:\n  protocol: grpc\n  endpoint: http://localhost:4317\n  grpc:\n    insecure: true\n    headers:\n      - [\"grpc-encoding\", \"gzip\"]",
			kinds: only("inferred"),
			want:  values{"otlp.endpoint": "http://localhost:4317", "otlp.compression": "gzip"},
		},
		{
			name: "legacy zipkin", file: "type: zipkin\nsample_rate: 1.0\nzipkin:\n  url: http://localhost:9411/api/v2/spans",
			kinds: only("alias", "alias"), want: values{"zipkin.endpoint": zipkinEndpoint},
		},
		{
			name: "legacy jaeger", file: "type: jaeger\nsample_rate: 1.0\njaeger:\n  address: localhost\n  port: 6831",
			kinds: only("alias", "alias", "alias"), want: values{"jaeger.thrift.agent_port": "6831"},
		},
		{
			name: "legacy otlp by gRPC", file: "type: otlp\nsample_rate: 1.0\notlp:\n  protocol: grpc\n  url: http://localhost:4317",
			kinds: only("alias", "alias"), want: values{"otlp.endpoint": "http://localhost:4317", "otlp.protocol": "grpc"},
		},
		{
			name: "legacy otlp by HTTP", file: "type: otlp\nsample_rate: 1.0\notlp:\n  protocol: http\n  url: http://localhost:4318/v1/traces",
			kinds: only("alias", "alias"), want: values{"otlp.endpoint": "http://localhost:4318/v1/traces", "otlp.protocol": "http"},
		},
	})
}
