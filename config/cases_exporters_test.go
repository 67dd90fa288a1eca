package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

const (
	onZipkin = "exporter_type: zipkin\nsample_rate: 1\n"
	onJaeger = "exporter_type: jaeger\nsample_rate: 1\n"
	onOTLP   = "exporter_type: otlp\nsample_rate: 1\n"
)

func TestCasesExporters(t *testing.T) {
	runAll(t, []situation{
		{
			name: "21 host and port", file: onZipkin + "zipkin: {endpoint: 'localhost:6881'}",
			kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://localhost:6881/api/v2/spans"},
			lines: []string{"no scheme and path in the endpoint"},
		},
		{name: "21 no path", file: onZipkin + "zipkin: {endpoint: 'http://h:9411'}", kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://h:9411/api/v2/spans"}},
		{name: "21 slash", file: onZipkin + "zipkin: {endpoint: 'http://h:9411/'}", kinds: only(config.WarnInferred), want: values{"zipkin.endpoint": "http://h:9411/api/v2/spans"}},
		{name: "21 path", file: onZipkin + "zipkin: {endpoint: 'http://h/custom'}", want: values{"zipkin.endpoint": "http://h/custom"}},
		{name: "21 path with slash", file: onZipkin + "zipkin: {endpoint: 'http://h/custom/?a=b'}", want: values{"zipkin.endpoint": "http://h/custom?a=b"}},
		{name: "22 IPv6 in IPv4", file: `zipkin: {local_node_ipv4: "2001:db8::1"}`, kinds: only(config.ErrOutOfRange), lines: []string{"use local_node_ipv6"}},
		{name: "22 no address", file: "zipkin: {local_node_ipv4: 999.1.1.1}", kinds: only(config.ErrOutOfRange)},
		{name: "22 packed", file: onZipkin + "zipkin: {local_node_ipv4: 3232235521}", want: values{"zipkin.local_node_ipv4": "192.168.0.1"}},
		{name: "22 packed IPv6", file: onZipkin + "zipkin: {local_node_ipv6: 1}", want: values{"zipkin.local_node_ipv6": "::1"}},
		{name: "22 IPv4 in IPv6", file: `zipkin: {local_node_ipv6: "1.2.3.4"}`, kinds: only(config.ErrOutOfRange), lines: []string{"use local_node_ipv4"}},
		{name: "23 port zero", file: "zipkin: {local_node_port: 0}", kinds: only(config.ErrOutOfRange)},
		{name: "23 port too high", file: "zipkin: {local_node_port: 70000}", kinds: only(config.ErrOutOfRange), lines: []string{"2:29: tracing.zipkin.local_node_port: 70000 is out of range, want 1 to 65535"}},
		{
			name:  "24 agent and collector",
			file:  onJaeger + "jaeger:\n  collector_endpoint: http://h:14268/api/traces?format=jaeger.thrift\n  thrift:\n    agent_host_name: localhost\n    agent_port: 6831",
			kinds: only(config.WarnIgnored, config.WarnIgnored),
			want:  values{"jaeger.collector_endpoint": "http://h:14268/api/traces?format=jaeger.thrift"},
			lines: []string{"tracing.yaml:7:24: tracing.jaeger.thrift.agent_host_name: has no effect", "tracing.yaml:8:19: tracing.jaeger.thrift.agent_port"},
		},
		{
			name:  "25 grpc alias",
			file:  onJaeger + "jaeger: {protocol: grpc, grpc: {endpoint: 'http://localhost:14250', insecure: true}}",
			kinds: only(config.WarnAlias),
			want:  values{"jaeger.collector_endpoint": "http://localhost:14250", "jaeger.protocol": "grpc"},
		},
		{name: "26 protocol", file: "jaeger: {protocol: udp}", kinds: only(config.ErrUnknownValue)},
		{name: "26 quoted port", file: onJaeger + `jaeger: {thrift: {agent_port: "6831"}}`, kinds: only(config.WarnCoerced), want: values{"jaeger.thrift.agent_port": "6831"}},
		{name: "26 leading zero", file: "jaeger: {thrift: {agent_port: 06831}}", kinds: only(config.ErrWrongType)},
		{name: "26 negative port", file: "jaeger: {thrift: {agent_port: -5}}", kinds: only(config.ErrOutOfRange)},
		{name: "27 host is a URL", file: onJaeger + `jaeger: {thrift: {agent_host_name: "http://h:1"}}`, kinds: only(config.ErrURL), lines: []string{"the port has its own key"}},
		{name: "28 otlp alone", file: onOTLP, want: values{"otlp.protocol": "grpc", "otlp.endpoint": "http://localhost:4317"}},
		{name: "29 http without path", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318'}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "http://h:4318/v1/traces"}},
		{name: "29 http with path", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces'}", want: values{"otlp.endpoint": "http://h:4318/v1/traces"}},
		{name: "29 http with slash", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4318/v1/traces/'}", want: values{"otlp.endpoint": "http://h:4318/v1/traces/"}},
		{name: "30 https and insecure", file: onOTLP + "otlp: {endpoint: 'https://h:4317', grpc: {insecure: true}}", kinds: only(config.WarnSuspicious), want: values{"otlp.endpoint": "https://h:4317"}},
		{name: "30 bare", file: onOTLP + "otlp: {endpoint: 'h:4317'}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "h:4317", "otlp.grpc.insecure": ""}},
		{name: "30 bare and insecure", file: onOTLP + "otlp: {endpoint: 'h:4317', grpc: {insecure: true}}", want: values{"otlp.endpoint": "h:4317", "otlp.grpc.insecure": "true"}},
		{name: "30 the other port", file: onOTLP + "otlp: {endpoint: 'http://h:4318'}", kinds: only(config.WarnSuspicious)},
		{name: "30 default and insecure false", file: onOTLP + "otlp: {grpc: {insecure: false}}", want: values{"otlp.endpoint": "https://localhost:4317"}},
		{name: "30 no port", file: onOTLP + "otlp: {endpoint: h}", kinds: only(config.WarnInferred), want: values{"otlp.endpoint": "h:4317"}},
		{name: "30 path", file: onOTLP + "otlp: {endpoint: 'http://h:4317/v1/traces'}", kinds: only(config.WarnIgnored)},
		{name: "31 capitals", file: onOTLP + "otlp: {compression: GZIP}", want: values{"otlp.compression": "gzip"}},
		{name: "31 deflate", file: "otlp: {compression: deflate}", kinds: only(config.ErrUnsupported)},
		{name: "31 zstd", file: "otlp: {compression: zstd}", kinds: only(config.ErrUnknownValue)},
		{name: "33 not selected", file: onOTLP + "zipkin: {local_node_port: x}", kinds: only(config.ErrWrongType)},
		{name: "33 endpoint of one not selected", file: onOTLP + "zipkin: {endpoint: 'localhost:6881'}"},
		{name: "33 bad endpoint of one not selected", file: onOTLP + "zipkin: {endpoint: 'ftp://h'}", kinds: only(config.ErrURL)},
		{name: "33 file of one not selected", file: onZipkin + "otlp: {http: {certificate_file: /nowhere.pem}}"},
		{name: "misplaced key", file: onOTLP + "endpoint: x", kinds: only(config.ErrUnknownKey), lines: []string{"tracing.yaml:4:3: tracing.endpoint: unknown key, it belongs in otlp.endpoint (exporter_type is otlp)"}},
	})
}

func TestCasesJaegerTransport(t *testing.T) {
	runAll(t, []situation{
		{name: "R5 http protocol", file: onJaeger + "jaeger: {protocol: http/thrift.binary}", want: values{"jaeger.collector_endpoint": "http://localhost:14268/api/traces"}},
		{name: "R5 grpc protocol", file: onJaeger + "jaeger: {protocol: grpc}", want: values{"jaeger.collector_endpoint": "http://localhost:14250"}},
		{name: "R6 udp and collector", file: onJaeger + "jaeger: {protocol: udp/thrift.compact, collector_endpoint: 'http://h:14268/api/traces'}", kinds: only(config.WarnIgnored)},
		{name: "R7 port of gRPC", file: onJaeger + "jaeger: {collector_endpoint: 'http://localhost:14250'}", kinds: only(config.WarnInferred), want: values{"jaeger.protocol": "grpc", "jaeger.collector_endpoint": "http://localhost:14250"}},
		{
			name: "R7 explicit thrift", file: onJaeger + "jaeger: {protocol: thrift, collector_endpoint: 'http://localhost:14250'}",
			kinds: only(config.WarnSuspicious, config.WarnInferred), want: values{"jaeger.protocol": "thrift"},
		},
		{name: "R8 collector loses a slash", file: onJaeger + "jaeger: {collector_endpoint: 'http://h:14268/api/traces/'}", want: values{"jaeger.collector_endpoint": "http://h:14268/api/traces"}},
		{name: "R8 collector without path", file: onJaeger + "jaeger: {collector_endpoint: 'http://h:14268'}", kinds: only(config.WarnInferred), want: values{"jaeger.collector_endpoint": "http://h:14268/api/traces"}},
		{name: "R19 user without password", file: onJaeger + "jaeger: {username: u}", kinds: only(config.ErrMissing), lines: []string{"4:22: tracing.jaeger.username: jaeger.password is not set"}},
		{name: "R19 from variables", file: onJaeger, env: []string{"OTEL_EXPORTER_JAEGER_USER=u"}, kinds: only(config.ErrMissing), want: values{"jaeger.username": ""}},
		{name: "R19 client certificate alone", file: onZipkin + "zipkin: {endpoint: 'https://h/x', client_key_file: k.pem}", kinds: only(config.ErrMissing, config.ErrFile)},
		{name: "R4 common timeout above", file: onJaeger + "timeout: 3\njaeger: {timeout: 4}", env: []string{"SPANROUTE_TIMEOUT=5"}, want: values{"jaeger.timeout": "5s"}},
		{name: "R4 in one layer", file: onJaeger + "timeout: 3\njaeger: {timeout: 4}", want: values{"jaeger.timeout": "4s", "timeout": "3s"}},
		{name: "R10 the other port", file: onOTLP + "otlp: {protocol: http, endpoint: 'http://h:4317/v1/traces'}", kinds: only(config.WarnSuspicious)},
		{name: "R15 disabled", file: "enabled: false\nexporter_type: jaeger"},
		{name: "zipkin timeout in milliseconds", file: onZipkin, env: []string{"OTEL_EXPORTER_ZIPKIN_TIMEOUT=2500"}, want: values{"zipkin.timeout": "2.5s"}},
		{name: "R4 a variable of OpenTelemetry over the file", file: onZipkin + "timeout: 3", env: []string{"OTEL_EXPORTER_ZIPKIN_TIMEOUT=2500"}, want: values{"zipkin.timeout": "2.5s", "timeout": "3s"}},
		{name: "section by an alias", file: "exporter_type: stdout\nsample_rate: 1\nstdout: {pretty: true}", kinds: only(config.WarnAlias, config.WarnAlias), want: values{"console.pretty": "true"}},
		{name: "R14 batch above queue", file: "batch: {max_queue_size: 100, max_export_batch_size: 200}", kinds: only(config.WarnSuspicious), want: values{"batch.max_export_batch_size": "100"}},
		{name: "R18 rate without use", file: onJaeger + "sampling: {sampler: always_on}", kinds: only(config.WarnIgnored)},
		{name: "R15 always_off", file: "exporter_type: jaeger\nsampling: {sampler: always_off}", kinds: only(config.WarnNoTraces)},
	})
}

func TestCaseCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, none := filepath.Join(dir, "text.pem"), filepath.Join(dir, "none.pem")
	if err := os.WriteFile(text, []byte("no certificate\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file, scheme string
		kind               config.Kind
		want               string
	}{
		{"32 missing", none, "https", config.ErrFile, "open " + none + ": no such file or directory"},
		{"32 not PEM", text, "https", config.ErrFile, text + " holds no certificate"},
		{"32 plain text", none, "http", config.WarnIgnored, "the connection is plain text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, ds := check(t, section(onOTLP+"otlp: {endpoint: '"+tt.scheme+"://h:4317', grpc: {certificate_file: "+tt.file+"}}"))
			wantKinds(t, ds, tt.kind)
			if !strings.Contains(lines(ds), tt.want) {
				t.Errorf("diagnosed %s, want %s", lines(ds), tt.want)
			}
			if cfg != nil && cfg.Exporters["otlp"].Settings["grpc"] != nil && len(cfg.Exporters["otlp"].Settings["grpc"].(map[string]any)) > 0 {
				t.Errorf("an ignored file is handed on: %v", cfg.Exporters["otlp"])
			}
		})
	}
}

func TestCasesHeaders(t *testing.T) {
	http := onOTLP + "otlp:\n  protocol: http\n  http:\n    headers: "
	grpc := onOTLP + "otlp:\n  grpc:\n    headers: "
	runAll(t, []situation{
		{name: "34 Keep-Alive", file: http + "{Keep-Alive: 'timeout=5, max=1000'}", kinds: only(config.WarnSuspicious), lines: []string{"HTTP/2 drops it"}},
		{name: "35 three items", file: grpc + `[["a","b","c"]]`, kinds: only(config.ErrHeader), lines: []string{"tracing.yaml:6:17:"}},
		{name: "35 a text", file: grpc + `["x"]`, kinds: only(config.ErrHeader), lines: []string{"tracing.yaml:6:17:"}},
		{name: "35 one item", file: grpc + `[["a"]]`, kinds: only(config.ErrHeader)},
		{name: "36 null", file: http + "{A: ~}", kinds: only(config.ErrWrongType)},
		{name: "36 nested", file: http + "{A: {b: c}}", kinds: only(config.ErrWrongType)},
		{name: "36 bad name", file: http + `{"bad key": v}`, kinds: only(config.ErrHeader)},
		{name: "36 line break", file: http + `{A: "v\nw"}`, kinds: only(config.ErrHeader)},
		{name: "36 tab", file: http + `{A: "v\tw"}`, kinds: only(config.ErrHeader)},
		{name: "36 a name that gRPC cannot send", file: grpc + `{"x~y": v}`, kinds: only(config.ErrHeader)},
		{name: "36 twice", file: http + "{X-A: 1, x-a: 2}", kinds: only(config.ErrHeader)},
		{name: "R12 grpc-encoding", file: grpc + `[["grpc-encoding","gzip"]]`, kinds: only(config.WarnInferred), want: values{"otlp.compression": "gzip", "otlp.grpc.headers": ""}},
		{name: "R12 reserved", file: grpc + "{User-Agent: x, te: y, X-A: z}", kinds: only(config.WarnIgnored, config.WarnIgnored), want: values{"otlp.grpc.headers": "x-a=***"}},
		{name: "R12 Host", file: http + "{Host: x, Content-Type: y}", kinds: only(config.WarnIgnored, config.WarnIgnored), want: values{"otlp.http.headers": ""}},
	})
}

// headers are the settings that an exporter would get.
func headers(cfg *config.Config, protocol string) any {
	section, _ := cfg.Exporters["otlp"].Settings[protocol].(map[string]any)
	return section["headers"]
}
