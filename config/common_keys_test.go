package config_test

import (
	"testing"

	"github.com/spanroute/spanroute/config"
)

const (
	zipkinEndpoint = "http://localhost:9411/api/v2/spans"
	sampled        = "exporter_type: zipkin\nsample_rate: 1\n"
)

func TestSectionNamesAndLegacyKeys(t *testing.T) {
	runAll(t, []situation{
		{
			name:  "legacy zipkin",
			file:  "type: zipkin\nsample_rate: 1.0\nzipkin: {url: http://localhost:9411/api/v2/spans}",
			kinds: only(config.WarnAlias, config.WarnAlias),
			want:  values{"exporter_type": "zipkin", "zipkin.endpoint": zipkinEndpoint, "sample_rate": "1"},
			at:    []string{"tracing.yaml:2:3: tracing.type:", "tracing.yaml:4:12: tracing.zipkin.url:"},
		},
		{
			name:  "legacy jaeger",
			file:  "type: jaeger\nsample_rate: 1\njaeger: {address: h, port: 6831}",
			kinds: only(config.WarnAlias, config.WarnAlias, config.WarnAlias),
			want:  values{"jaeger.thrift.agent_host_name": "h", "jaeger.thrift.agent_port": "6831"},
		},
		{
			name: "api_server",
			raw:  "api_server: {tracing: {exporter_type: jaeger, sample_rate: 1}}",
			want: values{"exporter_type": "jaeger"},
		},
		{
			name: "services",
			raw:  "version: 2\nservices: {workers: 4, tracing: {exporter_type: jaeger, sample_rate: 1}}",
			want: values{"exporter_type": "jaeger"},
		},
		{
			name:  "the same rate in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {sample_rate: 0.5}}",
			kinds: only(config.WarnAlias),
			want:  values{"sample_rate": "0.5"},
		},
		{
			name:  "disjoint keys in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {timeout: 5}}",
			kinds: only(config.WarnAlias),
			want:  values{"sample_rate": "0.5", "timeout": "5s"},
		},
		{
			name:  "different rates in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {sample_rate: 0.6}}",
			kinds: only(config.ErrConflict, config.WarnAlias),
			at:    []string{"tracing.yaml:2:24: api_server.tracing.sample_rate:"},
		},
		{
			name:  "alias and key disagree",
			file:  sampled + "zipkin: {endpoint: http://new, url: http://old}",
			kinds: only(config.ErrConflict, config.WarnAlias, config.WarnInferred),
			at:    []string{"tracing.yaml:4:34: tracing.zipkin.url:"},
		},
		{
			name:  "alias and key agree",
			file:  "type: jaeger\nexporter_type: jaeger\nsample_rate: 1",
			kinds: only(config.WarnAlias),
			want:  values{"exporter_type": "jaeger"},
		},
		{
			name: "BentoML's defaults, version 1",
			raw:  bentoDefaults("version: 1\napi_server:\n  workers: ~\n  ssl: {keyfile_password: ~}\n", ""),
			want: values{"jaeger.protocol": "thrift", "exporter_type": "", "timeout": "10s"},
		},
		{
			name: "BentoML's defaults, version 2",
			raw:  bentoDefaults("version: 2\nservices:\n  workers: ~\n", "  "),
			want: values{"jaeger.protocol": "thrift", "exporter_type": "", "timeout": "10s"},
		},
		{name: "root key one edit away", raw: "tracng: {sample_rate: 1}", kinds: only(config.ErrUnknownKey)},
		{name: "root key in capitals", raw: "Tracing: {sample_rate: 1}", kinds: only(config.ErrUnknownKey)},
		{name: "two edits are another word", raw: "training: {epochs: 1}", kinds: only(config.ErrMissing)},
		{name: "key in capitals", file: "SAMPLE_RATE: 1", kinds: only(config.ErrUnknownKey)},
		{name: "one word of a key", file: "exporter: zipkin\nrate: 1\nexcluded: a\n", kinds: only(config.ErrUnknownKey, config.ErrUnknownKey, config.ErrUnknownKey)},
		{name: "one word of a key of an exporter", file: "exporter_type: jaeger\nsample_rate: 1\njaeger: {host: a, thrift: {host: b}}", kinds: only(config.ErrUnknownKey, config.ErrUnknownKey)},
		{name: "dotted root key", raw: "tracing.sample_rate: 1", kinds: only(config.ErrUnknownKey)},
		{name: "dotted key", file: "jaeger.protocol: grpc", kinds: only(config.ErrUnknownKey)},
		{name: "not indented", raw: "tracing:\nexporter_type: zipkin\nsample_rate: 1\n", kinds: only(config.ErrMissing)},
		{name: "null section", raw: "tracing: ~", kinds: only(config.WarnSuspicious), want: values{"sample_rate": "0"}},
		{name: "empty section", raw: "tracing: {}", kinds: only(config.WarnSuspicious)},
		{name: "comments only", raw: "# nothing\n# at all\n", kinds: only(config.WarnSuspicious)},
	})
}

// bentoDefaults is the shape of BentoML's default_configuration.yaml: every key there and null, but one.
func bentoDefaults(head, indent string) string {
	text := head
	for _, line := range []string{
		"tracing:", "  exporter_type: ~", "  sample_rate: ~", "  excluded_urls: ~", "  timeout: ~", "  max_tag_value_length: ~",
		"  zipkin:", "    endpoint: ~", "    local_node_ipv4: ~", "    local_node_ipv6: ~", "    local_node_port: ~",
		"  jaeger:", "    protocol: thrift", "    collector_endpoint: ~",
		"    thrift:", "      agent_host_name: ~", "      agent_port: ~", "      udp_split_oversized_batches: ~",
		"    grpc:", "      insecure: ~",
		"  otlp:", "    protocol: ~", "    endpoint: ~", "    compression: ~",
		"    http:", "      certificate_file: ~", "      headers: ~",
		"    grpc:", "      headers: ~", "      insecure: ~",
	} {
		text += indent + line + "\n"
	}
	return text
}

func TestEmptyFileLoadsDefaults(t *testing.T) {
	t.Parallel()
	cfg, ds := config.Diagnose(config.Sources{Files: []string{write(t, "")}, Environ: []string{}, Registry: builtin})
	wantKinds(t, ds, config.WarnSuspicious)
	if cfg == nil || !cfg.Enabled || len(cfg.ExporterTypes) != 0 {
		t.Errorf("0 bytes: %v, want the defaults", cfg)
	}
}

func TestOverlayNamesAFilePerKey(t *testing.T) {
	t.Parallel()
	bento := writeAs(t, "bento.yaml", "api_server:\n  tracing:\n    exporter_type: jaeger\n    sample_rate: 0.5\n")
	overlay := writeAs(t, "overlay.yaml", "tracing:\n  sampling: {sampler: traceidratio}\n")
	cfg, err := config.Load(config.Sources{Files: []string{bento, overlay}, Environ: []string{}, Registry: builtin})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"sample_rate": bento + ":4:18", "sampling.sampler": overlay + ":2:23"} {
		if got := cfg.Source(key); got != want {
			t.Errorf("Source(%s) = %s, want %s", key, got, want)
		}
	}
}

func TestCommonKeys(t *testing.T) {
	runAll(t, []situation{
		{name: "exporter type, capitals", file: "exporter_type: JAEGER\nsample_rate: 1", want: values{"exporter_type": "jaeger"}},
		{name: "exporter type, none", file: "exporter_type: none", want: values{"exporter_type": ""}},
		{name: "exporter type, console", file: "exporter_type: console\nsample_rate: 1", want: values{"exporter_type": "console"}},
		{name: "exporter type, in_memory", file: "exporter_type: in_memory\nsample_rate: 1", kinds: only(config.WarnAlias, config.WarnSuspicious), want: values{"exporter_type": "memory"}},
		{name: "exporter type, none and another", file: "exporter_type: none,otlp", kinds: only(config.ErrConflict)},
		{name: "exporter type, otlp/http, as in a Collector", file: "exporter_type: otlp/http", kinds: only(config.ErrUnknownValue)},
		{name: "exporter type, grpc alone", file: "exporter_type: grpc", kinds: only(config.ErrUnknownValue)},
		{name: "exporter type, otlpgrpc", file: "exporter_type: otlpgrpc", kinds: only(config.ErrUnknownValue)},
		{name: "exporter type, number", file: "exporter_type: 5", kinds: only(config.ErrWrongType)},
		{name: "exporter type, map", file: "exporter_type: {}", kinds: only(config.ErrWrongType)},
		{name: "exporter type, two", file: "exporter_type: [otlp, console, otlp]\nsample_rate: 1", want: values{"exporter_type": "otlp,console"}},
		{name: "exporter type, misspelt", file: "exporter_type: zipkn", kinds: only(config.ErrUnknownValue)},
		{name: "rate, int", file: "sample_rate: 1", want: values{"sample_rate": "1"}},
		{name: "rate, zero", file: "sample_rate: 0", want: values{"sample_rate": "0"}},
		{name: "rate, exponent", file: "sample_rate: 1e-3", want: values{"sample_rate": "0.001"}},
		{name: "rate, quoted", file: `sample_rate: "1.0"`, kinds: only(config.WarnCoerced), want: values{"sample_rate": "1"}},
		{name: "rate, tiny", file: "sample_rate: 1e-20", kinds: only(config.WarnSuspicious), want: values{"sample_rate": "1e-20"}},
		{name: "rate, above one", file: "sample_rate: 1.5", kinds: only(config.ErrOutOfRange)},
		{name: "rate, negative", file: "sample_rate: -0.1", kinds: only(config.ErrOutOfRange)},
		{name: "rate, nan", file: "sample_rate: .nan", kinds: only(config.ErrOutOfRange)},
		{name: "rate, inf", file: "sample_rate: .inf", kinds: only(config.ErrOutOfRange)},
		{name: "rate, overflow", file: "sample_rate: 1e400", kinds: only(config.ErrOutOfRange)},
		{name: "rate, bool", file: "sample_rate: true", kinds: only(config.ErrWrongType)},
		{name: "rate, yes", file: "sample_rate: yes", kinds: only(config.ErrWrongType)},
		{name: "rate, NaN", file: "sample_rate: NaN", kinds: only(config.ErrWrongType)},
		{name: "rate, percent", file: "sample_rate: 50%", kinds: only(config.ErrWrongType)},
		{name: "variable", file: "sample_rate: ${RATE}", env: []string{"RATE=0.3"}, want: values{"sample_rate": "0.3"}},
		{name: "variable in quotes", file: `sample_rate: "${RATE}"`, env: []string{"RATE=0.3"}, kinds: only(config.WarnCoerced), want: values{"sample_rate": "0.3"}},
		{name: "bad variable", file: "sample_rate: ${RATE}", env: []string{"RATE=x"}, kinds: only(config.ErrWrongType)},
		{name: "unset variable", file: "sample_rate: ${NOPE}", kinds: only(config.ErrMissing), want: values{"sample_rate": "0"}},
		{name: "default of a variable", file: "sample_rate: ${NOPE:-0.2}", want: values{"sample_rate": "0.2"}},
		{name: "no variable", file: "sample_rate: ${1X}", kinds: only(config.ErrSyntax)},
		{name: "literal dollars", file: "service_name: a$$b$${c}", want: values{"service_name": "a$$b${c}"}},
		{name: "env prefix and text around", file: "service_name: a-${env:X}-b", env: []string{"X=y"}, want: values{"service_name": "a-y-b"}},
		{name: "timeout, int", file: "timeout: 5", want: values{"timeout": "5s"}},
		{name: "timeout, float", file: "timeout: 5.0", want: values{"timeout": "5s"}},
		{name: "timeout, fraction", file: "timeout: 2.5", want: values{"timeout": "2.5s"}},
		{name: "timeout, text", file: `timeout: "5s"`, want: values{"timeout": "5s"}},
		{name: "timeout, milliseconds", file: "timeout: 500ms", want: values{"timeout": "500ms"}},
		{name: "timeout, a day", file: "timeout: 86400", kinds: only(config.WarnSuspicious), want: values{"timeout": "24h0m0s"}},
		{name: "timeout, zero", file: "timeout: 0", kinds: only(config.ErrOutOfRange)},
		{name: "timeout, negative", file: "timeout: -1", kinds: only(config.ErrOutOfRange)},
		{name: "timeout, zero seconds", file: "timeout: 0s", kinds: only(config.ErrOutOfRange)},
		{name: "timeout, base 60", file: "timeout: 1:30", kinds: only(config.ErrWrongType)},
		{name: "timeout, bool", file: "timeout: true", kinds: only(config.ErrWrongType)},
		{name: "timeout, footnote", file: "timeout: 5 [#default_timeout]_", kinds: only(config.ErrWrongType)},
		{name: "length", file: "exporter_type: otlp\nsample_rate: 1\nmax_tag_value_length: 256", want: values{"max_tag_value_length": "256"}},
		{name: "length, zero", file: "max_tag_value_length: 0", kinds: only(config.WarnSuspicious), want: values{"max_tag_value_length": "no limit"}},
		{name: "length, negative", file: "max_tag_value_length: -1", kinds: only(config.WarnSuspicious), want: values{"max_tag_value_length": "no limit"}},
		{name: "length, fraction", file: "max_tag_value_length: 2.5", kinds: only(config.ErrWrongType)},
		{name: "length, word", file: "max_tag_value_length: big", kinds: only(config.ErrWrongType)},
		{name: "zipkin alone", file: "exporter_type: zipkin", kinds: only(config.WarnNoTraces), want: values{"sample_rate": "0", "zipkin.endpoint": zipkinEndpoint}},
	})
}
