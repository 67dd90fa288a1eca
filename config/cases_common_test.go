package config_test

import (
	"testing"

	"github.com/spanroute/spanroute/config"
)

const (
	zipkinEndpoint = "http://localhost:9411/api/v2/spans"
	sampled        = "exporter_type: zipkin\nsample_rate: 1\n"
)

func TestCasesRootsAndDialects(t *testing.T) {
	runAll(t, []situation{
		{
			name:  "1 legacy zipkin",
			file:  "type: zipkin\nsample_rate: 1.0\nzipkin: {url: http://localhost:9411/api/v2/spans}",
			kinds: only(config.WarnAlias, config.WarnAlias),
			want:  values{"exporter_type": "zipkin", "zipkin.endpoint": zipkinEndpoint, "sample_rate": "1"},
			lines: []string{"tracing.yaml:2:3: tracing.type:", "tracing.yaml:4:12: tracing.zipkin.url:"},
		},
		{
			name:  "2 legacy jaeger",
			file:  "type: jaeger\nsample_rate: 1\njaeger: {address: h, port: 6831}",
			kinds: only(config.WarnAlias, config.WarnAlias, config.WarnAlias),
			want:  values{"jaeger.thrift.agent_host_name": "h", "jaeger.thrift.agent_port": "6831"},
		},
		{
			name: "3 api_server",
			raw:  "api_server: {tracing: {exporter_type: jaeger, sample_rate: 1}}",
			want: values{"exporter_type": "jaeger"},
		},
		{
			name: "3 services",
			raw:  "version: 2\nservices: {workers: 4, tracing: {exporter_type: jaeger, sample_rate: 1}}",
			want: values{"exporter_type": "jaeger"},
		},
		{
			name:  "4 the same rate in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {sample_rate: 0.5}}",
			kinds: only(config.WarnAlias),
			want:  values{"sample_rate": "0.5"},
		},
		{
			name:  "4 disjoint keys in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {timeout: 5}}",
			kinds: only(config.WarnAlias),
			want:  values{"sample_rate": "0.5", "timeout": "5s"},
		},
		{
			name:  "4 different rates in two roots",
			raw:   "tracing: {sample_rate: 0.5}\napi_server: {tracing: {sample_rate: 0.6}}",
			kinds: only(config.ErrConflict, config.WarnAlias),
			lines: []string{"tracing.yaml:2:24: api_server.tracing.sample_rate: 0.6 conflicts with tracing.sample_rate at "},
		},
		{
			name:  "5 alias and key disagree",
			file:  sampled + "zipkin: {endpoint: http://new, url: http://old}",
			kinds: only(config.ErrConflict, config.WarnAlias, config.WarnInferred),
			lines: []string{`tracing.yaml:4:34: tracing.zipkin.url: "http://old" conflicts with tracing.zipkin.endpoint at `, "tracing.yaml:4:12, keep one"},
		},
		{
			name:  "5 alias and key agree",
			file:  "type: jaeger\nexporter_type: jaeger\nsample_rate: 1",
			kinds: only(config.WarnAlias),
			want:  values{"exporter_type": "jaeger"},
		},
		{
			name: "6 BentoML's defaults, version 1",
			raw:  bentoDefaults("version: 1\napi_server:\n  workers: ~\n  ssl: {keyfile_password: ~}\n", ""),
			want: values{"jaeger.protocol": "thrift", "exporter_type": "", "timeout": "10s"},
		},
		{
			name: "6 BentoML's defaults, version 2",
			raw:  bentoDefaults("version: 2\nservices:\n  workers: ~\n", "  "),
			want: values{"jaeger.protocol": "thrift", "exporter_type": "", "timeout": "10s"},
		},
		{name: "7 root key one edit away", raw: "tracng: {sample_rate: 1}", kinds: only(config.ErrUnknownKey), lines: []string{`1:1: tracng: unknown key, did you mean "tracing"?`}},
		{name: "7 root key in capitals", raw: "Tracing: {sample_rate: 1}", kinds: only(config.ErrUnknownKey), lines: []string{`did you mean "tracing"?`}},
		{name: "7 two edits are another word", raw: "training: {epochs: 1}", kinds: only(config.ErrMissing)},
		{name: "7 key in capitals", file: "SAMPLE_RATE: 1", kinds: only(config.ErrUnknownKey), lines: []string{`did you mean "sample_rate"?`}},
		{name: "7 one word of a key", file: "exporter: zipkin\nrate: 1\nexcluded: a\n", kinds: only(config.ErrUnknownKey, config.ErrUnknownKey, config.ErrUnknownKey), lines: []string{
			`2:3: tracing.exporter: unknown key, did you mean "exporter_type"?`, `3:3: tracing.rate: unknown key, did you mean "sample_rate"?`}},
		{name: "7 one word of a key of an exporter", file: "exporter_type: jaeger\nsample_rate: 1\njaeger: {host: a, thrift: {host: b}}", kinds: only(config.ErrUnknownKey, config.ErrUnknownKey), lines: []string{
			`tracing.jaeger.host: unknown key, did you mean "thrift.agent_host_name"?`, `tracing.jaeger.thrift.host: unknown key, did you mean "agent_host_name"?`}},
		{name: "7 dotted root key", raw: "tracing.sample_rate: 1", kinds: only(config.ErrUnknownKey), lines: []string{"nest it"}},
		{name: "7 dotted key", file: "jaeger.protocol: grpc", kinds: only(config.ErrUnknownKey), lines: []string{"nest it"}},
		{name: "8 not indented", raw: "tracing:\nexporter_type: zipkin\nsample_rate: 1\n", kinds: only(config.ErrMissing), lines: []string{`"exporter_type" is outside the section, put the keys under tracing`}},
		{name: "8 null section", raw: "tracing: ~", kinds: only(config.WarnSuspicious), want: values{"sample_rate": "0"}},
		{name: "8 empty section", raw: "tracing: {}", kinds: only(config.WarnSuspicious)},
		{name: "8 comments only", raw: "# nothing\n# at all\n", kinds: only(config.WarnSuspicious)},
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

func TestCaseEmptyFile(t *testing.T) {
	t.Parallel()
	cfg, ds := config.Check(config.Sources{Files: []string{write(t, "")}, Environ: []string{}, Registry: kit})
	wantKinds(t, ds, config.WarnSuspicious)
	if cfg == nil || !cfg.Enabled || len(cfg.ExporterTypes) != 0 {
		t.Errorf("8 0 bytes: %v, want the defaults", cfg)
	}
}

func TestCaseOverlay(t *testing.T) {
	t.Parallel()
	bento := writeAs(t, "bento.yaml", "api_server:\n  tracing:\n    exporter_type: jaeger\n    sample_rate: 0.5\n")
	overlay := writeAs(t, "overlay.yaml", "tracing:\n  sampling: {sampler: traceidratio}\n")
	cfg, err := config.Load(config.Sources{Files: []string{bento, overlay}, Environ: []string{}, Registry: kit})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"sample_rate": bento + ":4:18", "sampling.sampler": overlay + ":2:23"} {
		if got := cfg.Source(key); got != want {
			t.Errorf("9 Source(%s) = %s, want %s", key, got, want)
		}
	}
}

func TestCasesCommonKeys(t *testing.T) {
	runAll(t, []situation{
		{name: "10 capitals", file: "exporter_type: JAEGER\nsample_rate: 1", want: values{"exporter_type": "jaeger"}},
		{name: "10 none", file: "exporter_type: none", want: values{"exporter_type": ""}},
		{name: "10 console", file: "exporter_type: console\nsample_rate: 1", want: values{"exporter_type": "console"}},
		{name: "10 in_memory", file: "exporter_type: in_memory\nsample_rate: 1", kinds: only(config.WarnAlias, config.WarnSuspicious), want: values{"exporter_type": "memory"}},
		{name: "10 none and another", file: "exporter_type: none,otlp", kinds: only(config.ErrConflict)},
		{name: "11 otlp/http, as in a Collector", file: "exporter_type: otlp/http", kinds: only(config.ErrUnknownValue), lines: []string{"write exporter_type: otlp with otlp.protocol: http"}},
		{name: "11 grpc alone", file: "exporter_type: grpc", kinds: only(config.ErrUnknownValue), lines: []string{"grpc is a protocol of jaeger and otlp"}},
		{name: "11 otlpgrpc", file: "exporter_type: otlpgrpc", kinds: only(config.ErrUnknownValue), lines: []string{"write exporter_type: otlp with otlp.protocol: grpc"}},
		{name: "11 number", file: "exporter_type: 5", kinds: only(config.ErrWrongType)},
		{name: "11 map", file: "exporter_type: {}", kinds: only(config.ErrWrongType)},
		{name: "11 two", file: "exporter_type: [otlp, console, otlp]\nsample_rate: 1", want: values{"exporter_type": "otlp,console"}},
		{name: "11 misspelt", file: "exporter_type: zipkn", kinds: only(config.ErrUnknownValue), lines: []string{`2:18: tracing.exporter_type: unknown exporter "zipkn", did you mean "zipkin"? (there are console, jaeger, memory, otlp, zipkin)`}},
		{name: "12 int", file: "sample_rate: 1", want: values{"sample_rate": "1"}},
		{name: "12 zero", file: "sample_rate: 0", want: values{"sample_rate": "0"}},
		{name: "12 exponent", file: "sample_rate: 1e-3", want: values{"sample_rate": "0.001"}},
		{name: "12 quoted", file: `sample_rate: "1.0"`, kinds: only(config.WarnCoerced), want: values{"sample_rate": "1"}},
		{name: "12 tiny", file: "sample_rate: 1e-20", kinds: only(config.WarnSuspicious), want: values{"sample_rate": "1e-20"}},
		{name: "13 above one", file: "sample_rate: 1.5", kinds: only(config.ErrOutOfRange), lines: []string{"2:16: tracing.sample_rate: 1.5 is out of range, want 0 to 1, 1.0 is 100 %"}},
		{name: "13 negative", file: "sample_rate: -0.1", kinds: only(config.ErrOutOfRange)},
		{name: "13 nan", file: "sample_rate: .nan", kinds: only(config.ErrOutOfRange)},
		{name: "13 inf", file: "sample_rate: .inf", kinds: only(config.ErrOutOfRange)},
		{name: "13 overflow", file: "sample_rate: 1e400", kinds: only(config.ErrOutOfRange)},
		{name: "14 bool", file: "sample_rate: true", kinds: only(config.ErrWrongType)},
		{name: "14 yes", file: "sample_rate: yes", kinds: only(config.ErrWrongType)},
		{name: "14 NaN", file: "sample_rate: NaN", kinds: only(config.ErrWrongType)},
		{name: "14 percent", file: "sample_rate: 50%", kinds: only(config.ErrWrongType), lines: []string{"write the fraction"}},
		{name: "15 variable", file: "sample_rate: ${RATE}", env: []string{"RATE=0.3"}, want: values{"sample_rate": "0.3"}},
		{name: "15 variable in quotes", file: `sample_rate: "${RATE}"`, env: []string{"RATE=0.3"}, kinds: only(config.WarnCoerced), want: values{"sample_rate": "0.3"}},
		{name: "15 bad variable", file: "sample_rate: ${RATE}", env: []string{"RATE=x"}, kinds: only(config.ErrWrongType)},
		{name: "16 unset variable", file: "sample_rate: ${NOPE}", kinds: only(config.ErrMissing), want: values{"sample_rate": "0"}},
		{name: "16 default of a variable", file: "sample_rate: ${NOPE:-0.2}", want: values{"sample_rate": "0.2"}},
		{name: "16 no variable", file: "sample_rate: ${1X}", kinds: only(config.ErrSyntax)},
		{name: "16 literal dollars", file: "service_name: a$$b$${c}", want: values{"service_name": "a$$b${c}"}},
		{name: "16 env prefix and text around", file: "service_name: a-${env:X}-b", env: []string{"X=y"}, want: values{"service_name": "a-y-b"}},
		{name: "17 int", file: "timeout: 5", want: values{"timeout": "5s"}},
		{name: "17 float", file: "timeout: 5.0", want: values{"timeout": "5s"}},
		{name: "17 fraction", file: "timeout: 2.5", want: values{"timeout": "2.5s"}},
		{name: "17 text", file: `timeout: "5s"`, want: values{"timeout": "5s"}},
		{name: "17 milliseconds", file: "timeout: 500ms", want: values{"timeout": "500ms"}},
		{name: "17 a day", file: "timeout: 86400", kinds: only(config.WarnSuspicious), want: values{"timeout": "24h0m0s"}},
		{name: "18 zero", file: "timeout: 0", kinds: only(config.ErrOutOfRange)},
		{name: "18 negative", file: "timeout: -1", kinds: only(config.ErrOutOfRange)},
		{name: "18 zero seconds", file: "timeout: 0s", kinds: only(config.ErrOutOfRange)},
		{name: "18 base 60", file: "timeout: 1:30", kinds: only(config.ErrWrongType), lines: []string{"base 60"}},
		{name: "18 bool", file: "timeout: true", kinds: only(config.ErrWrongType)},
		{name: "18 footnote", file: "timeout: 5 [#default_timeout]_", kinds: only(config.ErrWrongType), lines: []string{"remove the footnote mark"}},
		{name: "19 length", file: "exporter_type: otlp\nsample_rate: 1\nmax_tag_value_length: 256", want: values{"max_tag_value_length": "256"}},
		{name: "19 zero length", file: "max_tag_value_length: 0", kinds: only(config.WarnSuspicious), want: values{"max_tag_value_length": "no limit"}},
		{name: "19 negative length", file: "max_tag_value_length: -1", kinds: only(config.WarnSuspicious), want: values{"max_tag_value_length": "no limit"}},
		{name: "19 fraction", file: "max_tag_value_length: 2.5", kinds: only(config.ErrWrongType)},
		{name: "19 word", file: "max_tag_value_length: big", kinds: only(config.ErrWrongType)},
		{name: "20 zipkin alone", file: "exporter_type: zipkin", kinds: only(config.WarnNoTraces), want: values{"sample_rate": "0", "zipkin.endpoint": zipkinEndpoint}},
	})
}
