package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

// slips are the mistakes that are made in YAML, by kind.
var slips = []struct{ name, file string }{
	{"a key indented deeper than its sibling", "tracing:\n  sample_rate: 1\n   timeout: 5\n"},
	{"a key indented less than its sibling", "tracing:\n    sample_rate: 1\n  timeout: 5\n"},
	{"a key indented less, at the end of a deep section", "tracing:\n  jaeger:\n    thrift:\n      agent_port: 6831\n   protocol: thrift\n"},
	{"keys below a key that has a value", "tracing:\n  exporter_type: jaeger\n    sample_rate: 1\n"},
	{"no space after the colon, the only key", "tracing:\n  sample_rate:1\n"},
	{"no space after the colon, the first key", "tracing:\n  sample_rate:1\n  timeout: 5\n"},
	{"no space after the colon, the last key", "tracing:\n  timeout: 5\n  sample_rate:1\n"},
	{"no space after the colon in braces", "tracing: {exporter_type: otlp, sample_rate:1}\n"},
	{"no space after the colon of the section", "tracing:{sample_rate: 1}\n"},
	{"no colon", "tracing:\n  sample_rate 1\n  timeout: 5\n"},
	{"no colon in braces", "tracing: {exporter_type: otlp, sample_rate 1}\n"},
	{"an equals sign", "tracing:\n  sample_rate = 1\n  timeout: 5\n"},
	{"a tab in the indentation", "tracing:\n\tsample_rate: 1\n"},
	{"a tab behind spaces", "tracing:\n  jaeger:\n  \tprotocol: thrift\n"},
	{"a non-breaking space in the indentation", "tracing:\n\u00a0 sample_rate: 1\n"},
	{"a non-breaking space before a sibling", "tracing:\n  timeout: 5\n \u00a0sample_rate: 1\n"},
	{"an open brace", "tracing: {sample_rate: 1\n"},
	{"an open brace in the middle", "tracing:\n  jaeger: {protocol: thrift\n  timeout: 5\n"},
	{"an open bracket", "tracing:\n  excluded_urls: [a, b\n  timeout: 5\n"},
	{"an open bracket in open braces", "tracing: {excluded_urls: [a, b}\n"},
	{"a brace too many", "tracing:\n  jaeger: {protocol: thrift}}\n"},
	{"an open quote", "tracing:\n  service_name: \"abc\n  timeout: 5\n"},
	{"an open quote at the end", "tracing:\n  timeout: 5\n  service_name: 'abc\n"},
	{"a quote in a quoted text", "tracing:\n  service_name: 'it's'\n"},
	{"text after a quote", "tracing:\n  service_name: \"a\" b\n"},
	{"no comma", "tracing: {exporter_type: otlp sample_rate: 1}\n"},
	{"two colons", "tracing:\n  zipkin:\n    endpoint: host: 9411\n"},
	{"a pattern that begins with a star", "tracing:\n  excluded_urls: *.png\n"},
	{"a list item beside its key", "tracing:\n  excluded_urls: - a\n"},
	{"a list item indented less", "tracing:\n  excluded_urls:\n    - a\n   - b\n"},
	{"a list item among keys", "tracing:\n  timeout: 5\n  - a\n"},
	{"a reserved character", "tracing:\n  service_name: @shop\n"},
	{"a Windows path in double quotes", "tracing:\n  otlp: {grpc: {certificate_file: \"C:\\certs\\ca.pem\"}}\n"},
	{"TOML", "[tracing]\nsample_rate = 1.0\n\n[tracing.jaeger]\nprotocol = \"thrift\"\n"},
	{"INI", "; a comment\n[tracing]\nsample_rate=1.0\n"},
	{"properties", "sample_rate=1.0\nexporter_type=otlp\n"},
	{"JSON5, a comment", "{\n  // every trace\n  \"tracing\": {\"sample_rate\": 1}\n}\n"},
	{"JSON, no comma", "{\n  \"tracing\": {\n    \"sample_rate\": 1\n    \"timeout\": 5\n  }\n}\n"},
	{"JSON, an open brace", "{\n  \"tracing\": {\n    \"sample_rate\": 1,\n    \"timeout\": 5\n}\n"},
	{"a template for a value", "tracing:\n  sample_rate: {{ .Values.rate }}\n"},
	{"a template for two values", "tracing:\n  sample_rate: {{ .Values.rate }}\n  timeout: {{ .Values.timeout | quote }}\n"},
	{"a merge conflict", "tracing:\n<<<<<<< HEAD\n  sample_rate: 1\n=======\n  sample_rate: 0.5\n>>>>>>> main\n"},
	{"a second document", "tracing: {sample_rate: 1}\n---\ntracing: {timeout: 5}\n"},
	{"a line of prose", "tracing:\n  sample_rate: 1\nplease trace everything\n"},
	{"a list for the section", "tracing:\n  - sample_rate: 1\n"},
	{"a text for an exporter", "tracing:\n  jaeger: thrift\n"},
	{"no space after a colon in an exporter", "tracing:\n  jaeger:\n    protocol:thrift\n"},
}

// Slips are reported in plain words, at the line and column of the slip.
func TestSlips(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range slips {
		cfg, ds := config.DiagnoseBytes(config.Sources{Environ: []string{}, Registry: builtin}, []byte(s.file))
		if cfg != nil {
			t.Errorf("%s: no error", s.name)
		}
		b.WriteString("== " + s.name + "\n" + s.file + "--\n" + rendered(ds) + "\n")
	}
	golden(t, b.String())
}

// JSON is YAML. A file of it is fine by either name.
func TestJSONFiles(t *testing.T) {
	t.Parallel()
	compact := `{"tracing":{"exporter_type":["zipkin"],"sample_rate":1,"timeout":"5s","zipkin":{"endpoint":"http:\/\/h:9411\/x","headers":{"a":"b"}},"service_name":"\ud83d\ude00 \u00e9 \\/"}}`
	for name, indent := range map[string]string{"tabs.json": "\t", "spaces.yaml": "  ", "upper.JSON": " "} {
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetIndent("", indent)
		if err := encoder.Encode(json.RawMessage(compact)); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{compact, b.String()} {
			cfg, ds := config.Diagnose(config.Sources{Files: []string{writeAs(t, name, text)}, Environ: []string{}, Registry: builtin})
			wantKinds(t, ds)
			if cfg == nil || cfg.ServiceName != `😀 é \/` || cfg.Sampling.SampleRate != 1 {
				t.Errorf("%s: loaded %v", name, cfg)
			}
		}
	}
}
