package config_test

import (
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

func newFlags(t *testing.T, args []string, keys ...string) config.FlagSource {
	t.Helper()
	fs := flag.NewFlagSet("program", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Int("workers", 4, "the program's own")
	config.RegisterFlags(fs, keys...)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.FlagsOf(fs)
}

func TestFlags(t *testing.T) {
	t.Parallel()
	first := write(t, "tracing: {timeout: 1, service_name: first}")
	second := write(t, "tracing: {timeout: 2}")
	flags := newFlags(t, []string{
		"--config", first, "--config", second, "--tracing.sample-rate=0.5", "--tracing.enabled",
		"--tracing.jaeger.thrift.agent-port=1", "--tracing.jaeger.thrift.agent-port", "7", "--workers=8",
	})
	cfg, err := config.Load(config.Sources{
		Flags: flags, Registry: builtin, Files: []string{"/nowhere.yaml"}, Environ: []string{"SPANROUTE_CONFIG=/nowhere.yaml"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Timeout != 2*time.Second || cfg.ServiceName != "first" || cfg.Sampling.SampleRate != 0.5 {
		t.Errorf("loaded %v", cfg)
	}
	if x, _ := cfg.Explain("jaeger.thrift.agent_port"); x.Value != "7" || x.Origin.String() != "--tracing.jaeger.thrift.agent-port" {
		t.Errorf("the last of a repeated flag: %v", x)
	}
	if x, _ := cfg.Explain("batch.max_queue_size"); x.Origin.String() != "built-in" {
		t.Errorf("a flag that is not set has an effect: %v", x)
	}
}

func TestFlagMistakes(t *testing.T) {
	t.Parallel()
	pairs := func(yield func(string, string) bool) {
		_ = yield("tracing.smaple-rate", "1") && yield("tracing.batch.max_queue_size", "x") && yield("tracing.type", "otlp") && yield("tracing.exporter-type", "zipkin")
	}
	_, ds := config.Diagnose(config.Sources{Flags: pairs, Registry: builtin, Environ: []string{}})
	wantKinds(t, ds, config.ErrUnknownKey, config.ErrWrongType, config.ErrConflict, config.WarnAlias)
	for _, want := range []string{
		`--tracing.smaple-rate: unknown key; did you mean "--tracing.sample-rate"?`,
		`--tracing.batch.max_queue_size: batch.max_queue_size: "x" is not a whole number, want 1 or more`,
	} {
		if !strings.Contains(lines(ds), want) {
			t.Errorf("diagnosed\n%s\nwant %s", lines(ds), want)
		}
	}
}

func TestSomeFlags(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("program", flag.ContinueOnError)
	config.RegisterFlags(fs, "sample_rate", "otlp.endpoint")
	var names []string
	fs.VisitAll(func(f *flag.Flag) {
		if f.DefValue != "" {
			t.Errorf("%s has the default %q, want none", f.Name, f.DefValue)
		}
		names = append(names, f.Name)
	})
	if got, want := strings.Join(names, " "), "config tracing.otlp.endpoint tracing.sample-rate"; got != want {
		t.Errorf("flags %s, want %s", got, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key that does not exist is registered")
		}
	}()
	config.RegisterFlags(flag.NewFlagSet("program", flag.ContinueOnError), "nonsense")
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	if faults := config.TableFaults(); len(faults) > 0 {
		t.Errorf("the key table is at odds with itself: %v", faults)
	}
}

func TestFilesFromTheVariable(t *testing.T) {
	t.Parallel()
	a, b := write(t, "tracing: {timeout: 1, service_name: a}"), write(t, "tracing: {timeout: 2}")
	for _, tt := range []struct {
		name, prefix string
		env          []string
		files        []string
		want         time.Duration
	}{
		{"the variable replaces Files", "", []string{"SPANROUTE_CONFIG=" + a + ":" + b}, []string{"/nowhere.yaml"}, 2 * time.Second},
		{"another prefix", "ACME_", []string{"ACME_CONFIG=" + a, "ACME_SERVICE_NAME=x", "SPANROUTE_NONSENSE=1"}, nil, time.Second},
		{"no prefix", "-", []string{"SPANROUTE_CONFIG=/nowhere.yaml", "SPANROUTE_TIMEOUT=7"}, []string{b}, 2 * time.Second},
		{"BentoML's variable is not read", "", []string{"BENTOML_CONFIG=/nowhere.yaml"}, []string{b}, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := config.Load(config.Sources{EnvPrefix: tt.prefix, Environ: tt.env, Files: tt.files, Registry: builtin})
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Timeout != tt.want {
				t.Errorf("timeout %v, want %v", cfg.Timeout, tt.want)
			}
		})
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, section, file string }{
		{"a service of BentoML 2", "services.iris.tracing", "services:\n  iris:\n    tracing: {timeout: 3}\ntracing: {timeout: 4}\n"},
		{"an application's", "myapp.tracing", "myapp: {port: 1, tracing: {timeout: 3}}\n"},
		{"the bare section", ".", "timeout: 3\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := config.Load(config.Sources{Section: tt.section, Files: []string{write(t, tt.file)}, Environ: []string{}, Registry: builtin})
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Timeout != 3*time.Second {
				t.Errorf("timeout %v, want 3s", cfg.Timeout)
			}
		})
	}
}
