package config_test

import (
	"testing"

	"github.com/spanroute/spanroute/config"
)

// A file that is named and has no effect is a mistake, unless it is empty on purpose.
func TestFilesThatSetNothing(t *testing.T) {
	runAll(t, []situation{
		{name: "trace", raw: "trace: {sample_rate: 1}", kinds: only(config.ErrMissing)},
		{name: "trace that sets nothing known", raw: "x: 1\ntrace:\n  rate: 1\n", kinds: only(config.ErrMissing)},
		{name: "OpenTelemetry in capitals", raw: "OpenTelemetry: {a: b}", kinds: only(config.ErrMissing)},
		{name: "one edit away", raw: "tracin: {sample_rate: 1}", kinds: only(config.ErrUnknownKey)},
		{name: "deeper", raw: "services:\n  iris:\n    tracing: {sample_rate: 1}\n", kinds: only(config.ErrMissing)},
		{name: "a bare section", raw: "exporter_type: otlp\nsample_rate: 1\n", kinds: only(config.ErrMissing)},
		{name: "a bare exporter", raw: "version: 1\notlp: {endpoint: x}\n", kinds: only(config.ErrMissing)},
		{name: "another program's", raw: "server: {port: 80}\n", kinds: only(config.ErrMissing)},
		{name: "declarative", raw: "file_format: \"0.4\"\ntracer_provider: {processors: []}\n", kinds: only(config.ErrMissing)},
		{name: "declarative, a fragment", raw: "tracer_provider: {processors: []}\n", kinds: only(config.ErrMissing)},
		{name: "Collector", raw: "receivers: {otlp: {}}\nexporters: {otlp: {endpoint: x}}\nservice: {pipelines: {}}\n", kinds: only(config.ErrMissing)},
		{name: "Collector, a fragment", raw: "exporters: {otlp: {endpoint: x}}\nservice: {telemetry: {}}\n", kinds: only(config.ErrMissing)},
		{name: "ConfigMap", raw: "apiVersion: v1\nkind: ConfigMap\ndata:\n  tracing.yaml: |\n    tracing: {sample_rate: 1}\n", kinds: only(config.ErrMissing)},
		{name: "service alone is another program's", raw: "service: {name: x}\n", kinds: only(config.ErrMissing)},
		{name: "comments", raw: "# tracing:\n#   sample_rate: 1\n", kinds: only(config.WarnSuspicious)},
		{name: "null", raw: "~\n", kinds: only(config.WarnSuspicious)},
		{name: "an empty section", raw: "version: 2\ntracing:\n", kinds: only(config.WarnSuspicious)},
		{name: "an empty section of BentoML", raw: "version: 1\napi_server:\n  tracing:\n    exporter_type: ~\n", kinds: only(config.WarnSuspicious)},
		{name: "an empty section, keys beside it", raw: "tracing:\nsample_rate: 1\n", kinds: only(config.ErrMissing)},
		{name: "an empty section, common words beside it", raw: "tracing:\ntimeout: 5\nlimits: {cpu: 1}\n", kinds: only(config.WarnSuspicious)},
	})
}

func TestKeysBesideTheSection(t *testing.T) {
	runAll(t, []situation{
		{name: "an exporter", raw: "tracing: {sample_rate: 1}\notlp: {endpoint: 'http://h:4317'}\n", kinds: only(config.WarnIgnored), at: []string{"tracing.yaml:2:1: otlp:"}},
		{name: "an exporter with a misspelt key", raw: "tracing: {sample_rate: 1}\njaeger: {colector_endpoint: x}\n", kinds: only(config.WarnIgnored)},
		{name: "an alias of an exporter", raw: "tracing: {sample_rate: 1}\nstdout: {pretty: true}\n", kinds: only(config.WarnIgnored)},
		{name: "a key", raw: "tracing:\n  exporter_type: otlp\nsample_rate: 1\n", kinds: only(config.WarnIgnored, config.WarnNoTraces), at: []string{"tracing.yaml:3:1: sample_rate:"}},
		{name: "beside BentoML's section", raw: "api_server: {tracing: {sample_rate: 1}}\nzipkin: {endpoint: 'http://h:9411'}\n", kinds: only(config.WarnIgnored)},
		{name: "other programs' keys", raw: "tracing: {sample_rate: 1}\nmemory: {limit: 512Mi}\nconsole: true\njaeger: ~\ntimeout: 5\nversion: 1\nservice_name: x\n"},
	})
}
