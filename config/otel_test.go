package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

const otelDefault = "OpenTelemetry's default, because OTEL_TRACES_EXPORTER sets the exporter"

// A deployment that has OTEL_* variables only is traced as by an OpenTelemetry SDK; every other one as by BentoML.
func TestSamplerWhereOTelVariablesSetTheExporter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file    string
		env           []string
		code          map[string]any
		sampler, rate string // as explained
		source        string // of both, "" for another than OpenTelemetry's default
		kinds         []config.Kind
	}{
		{name: "the variable alone", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "parentbased_always_on", rate: "1", source: otelDefault},
		{name: "two exporters", env: []string{"OTEL_TRACES_EXPORTER=otlp,zipkin"}, sampler: "parentbased_always_on", rate: "1", source: otelDefault},
		{name: "a file that is about something else", file: "timeout: 5", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "parentbased_always_on", rate: "1", source: otelDefault},
		{name: "an unknown sampler", env: []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_TRACES_SAMPLER=bogus"}, sampler: "parentbased_always_on", rate: "1", source: otelDefault, kinds: only(config.ErrUnknownValue)},
		{name: "an argument without a sampler", env: []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_TRACES_SAMPLER_ARG=0.5"}, sampler: "parentbased_always_on", rate: "1", source: otelDefault, kinds: only(config.WarnIgnored)},
		{name: "none", env: []string{"OTEL_TRACES_EXPORTER=none"}, sampler: "parentbased_traceidratio", rate: "0"},
		{name: "no variable", sampler: "parentbased_traceidratio", rate: "0"},
		{name: "a sampler of the environment", env: []string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.5"}, sampler: "traceidratio", rate: "0.5"},
		{name: "a rate of a file", file: "sample_rate: 0.25", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "parentbased_traceidratio", rate: "0.25"},
		{name: "a rate of 0 of a file", file: "sample_rate: 0", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "parentbased_traceidratio", rate: "0", kinds: only(config.WarnNoTraces)},
		{name: "a sampler of a file", file: "sampling: {sampler: always_off}", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "always_off", rate: "0", kinds: only(config.WarnNoTraces)},
		{name: "a rate of spanroute's variable", env: []string{"OTEL_TRACES_EXPORTER=otlp", "SPANROUTE_SAMPLE_RATE=0.5"}, sampler: "parentbased_traceidratio", rate: "0.5"},
		{name: "an exporter of a file", file: "exporter_type: otlp", sampler: "parentbased_traceidratio", rate: "0", kinds: only(config.WarnNoTraces)},
		{name: "an exporter of a file and of the variable", file: "exporter_type: zipkin", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, sampler: "parentbased_traceidratio", rate: "0", kinds: only(config.WarnNoTraces)},
		{name: "an exporter of spanroute's variable", env: []string{"OTEL_TRACES_EXPORTER=otlp", "SPANROUTE_EXPORTER_TYPE=otlp"}, sampler: "parentbased_traceidratio", rate: "0", kinds: only(config.WarnNoTraces)},
		{name: "an exporter of code", env: []string{"OTEL_TRACES_EXPORTER=otlp"}, code: map[string]any{"exporter_type": "zipkin"}, sampler: "parentbased_traceidratio", rate: "0", kinds: only(config.WarnNoTraces)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := config.Sources{Environ: append([]string{}, tt.env...), Registry: builtin, Defaults: tt.code}
			if tt.file != "" {
				s.Files = []string{write(t, section(tt.file))}
			}
			cfg, ds := config.Diagnose(s)
			wantKinds(t, ds, tt.kinds...)
			if cfg == nil {
				t.Fatal(lines(ds))
			}
			sampler, _ := cfg.Explain("sampling.sampler")
			rate, _ := cfg.Explain("sample_rate")
			if sampler.Value != tt.sampler || rate.Value != tt.rate || cfg.Sampling.Sampler != tt.sampler {
				t.Errorf("sampler %s (%s in Config), rate %s; want %s and %s", sampler.Value, cfg.Sampling.Sampler, rate.Value, tt.sampler, tt.rate)
			}
			for _, x := range []config.Explanation{sampler, rate} {
				if got := x.Origin.String(); (got == otelDefault) != (tt.source != "") {
					t.Errorf("%s is from %s, want %q", x.Key, got, tt.source)
				}
			}
		})
	}
}

// What is printed of OpenTelemetry's default loads to the same configuration without a warning.
func TestOTelSamplerIsPrinted(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, "", "OTEL_TRACES_EXPORTER=otlp")
	text := printed(t, cfg)
	again, ds := check(t, text)
	wantKinds(t, ds)
	if again == nil || printed(t, again) != text || !strings.Contains(text, "sampler: parentbased_always_on") {
		t.Errorf("printed\n%s", text)
	}
}

func TestVariablesOfOtherSignals(t *testing.T) {
	runAll(t, []situation{
		{name: "metrics", env: []string{"OTEL_METRICS_EXPORTER=otlp"}, kinds: only(config.WarnIgnored)},
		{name: "logs", env: []string{"OTEL_LOGS_EXPORTER=console"}, kinds: only(config.WarnIgnored)},
		{name: "both", env: []string{"OTEL_METRICS_EXPORTER=prometheus", "OTEL_LOGS_EXPORTER=otlp"}, kinds: only(config.WarnIgnored, config.WarnIgnored)},
		{name: "none", env: []string{"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=None "}},
		{name: "empty", env: []string{"OTEL_METRICS_EXPORTER=", "OTEL_LOGS_EXPORTER= "}},
	})
}

func TestPropagatorsOfTheEnvironment(t *testing.T) {
	runAll(t, []situation{
		{name: "one unknown, one known", env: []string{"OTEL_PROPAGATORS=b3,tracecontext"}, kinds: only(config.ErrUnsupported), want: values{"propagators": "tracecontext"}},
		{name: "a misspelt one beside a known one", env: []string{"OTEL_PROPAGATORS=tracecontexd,baggage"}, kinds: only(config.ErrUnknownValue), want: values{"propagators": "baggage"}},
		{name: "only unknown ones", env: []string{"OTEL_PROPAGATORS=b3, xray"}, kinds: only(config.ErrUnsupported, config.ErrUnsupported, config.WarnIgnored), want: values{"propagators": "tracecontext,baggage"}},
		{name: "only unknown ones over a file", file: "propagators: baggage", env: []string{"OTEL_PROPAGATORS=b3"}, kinds: only(config.ErrUnsupported, config.WarnIgnored), want: values{"propagators": "baggage"}},
		{name: "an empty list", env: []string{"OTEL_PROPAGATORS=,"}, kinds: only(config.WarnIgnored), want: values{"propagators": "tracecontext,baggage"}},
	})
}

func TestIgnoredAndWarnings(t *testing.T) {
	t.Parallel()
	cfg, _ := check(t, "", "OTEL_TRACES_SAMPLER_ARG=1", "OTEL_BSP_MAX_QUEUE_SIZE=x", "SPANROUTE_MAX_TAG_VALUE_LENGTH=0")
	if got := len(cfg.Ignored()); got != 2 {
		t.Errorf("ignored %v, want two variables", cfg.Ignored())
	}
	if got := len(cfg.Warnings.Warnings()); got != 3 || len(cfg.Warnings.Errors()) != 0 {
		t.Errorf("warnings %v, want three", cfg.Warnings)
	}
	data, err := json.Marshal(cfg.Warnings)
	if err != nil || !strings.Contains(string(data), `"source":"OTEL_BSP_MAX_QUEUE_SIZE"`) {
		t.Errorf("JSON %s, %v", data, err)
	}
	if cfg.Registry() != builtin {
		t.Error("Registry is not the one that was given")
	}
}
