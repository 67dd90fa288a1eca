package config_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

type lines1 struct {
	Path  string        `koanf:"path" otel:"EXPORTER_LINES_PATH" doc:"file to append to"`
	Mode  string        `koanf:"mode" enum:"append,truncate" doc:"how"`
	Delay time.Duration `koanf:"delay" doc:"pause"`
	Token string        `koanf:"token" secret:"true" doc:"secret"`
}

func (l lines1) Validate() error {
	switch l.Path {
	case "":
		return &settings.KeyError{Key: "path", Err: errors.New("no path")}
	case "bad":
		return fmt.Errorf("lines: %w", errors.Join(
			&settings.KeyError{Key: "path", Err: errors.New("no such table")},
			&settings.KeyError{Key: "path", Err: errors.New("no such column")},
			errors.New("the two do not fit")))
	}
	return nil
}

// withPlugin returns a registry with an exporter of spanroute and one of a plugin.
func withPlugin(t *testing.T) *registry.Registry {
	t.Helper()
	r := new(registry.Registry)
	build := func(context.Context, registry.BuildContext, lines1) (sdktrace.SpanExporter, error) {
		return tracetest.NewNoopExporter(), nil
	}
	for _, f := range []registry.Factory{zipkin.Factory, registry.NewFactory("lines", func() lines1 { return lines1{Mode: "append"} }, build, registry.WithAlias("jsonl"))} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A plugin's section obeys the same rules through its tags.
func TestPlugin(t *testing.T) {
	t.Parallel()
	r := withPlugin(t)
	load := func(text string, env ...string) (*config.Config, config.Diagnostics) {
		return config.Diagnose(config.Sources{Files: []string{write(t, section(text))}, Environ: append([]string{}, env...), Registry: r})
	}
	t.Run("file, variable and alias", func(t *testing.T) {
		cfg, ds := load("exporter_type: JSONL\nsample_rate: 1\nlines: {mode: Truncate, timeout: 3}", "SPANROUTE_LINES_PATH=a.jsonl", "SPANROUTE_LINES_DELAY=2")
		wantKinds(t, ds, config.WarnAlias)
		x := cfg.Exporters["lines"]
		if x.Timeout != 3*time.Second || x.Settings["path"] != "a.jsonl" || x.Settings["mode"] != "truncate" || x.Settings["delay"] != 2*time.Second {
			t.Errorf("told %v", x)
		}
		if _, err := r.Prepare("lines", x.Settings); err != nil {
			t.Errorf("Prepare = %v", err)
		}
	})
	t.Run("a default that will not do", func(t *testing.T) {
		_, ds := load("exporter_type: lines\nsample_rate: 1")
		wantKinds(t, ds, "invalid_value")
		if !strings.Contains(lines(ds), "tracing.yaml:2:18: lines.path: no path") {
			t.Errorf("diagnosed %s", lines(ds))
		}
	})
	t.Run("an invalid default of an exporter that is not selected", func(t *testing.T) {
		_, ds := load("exporter_type: zipkin\nsample_rate: 1\nlines: {mode: append}")
		wantKinds(t, ds)
	})
	t.Run("a variable chose it", func(t *testing.T) {
		cfg, ds := load("sample_rate: 1", "OTEL_TRACES_EXPORTER=lines")
		wantKinds(t, ds, "invalid_value")
		if cfg == nil || len(cfg.ExporterTypes) != 0 {
			t.Errorf("loaded %v, want no exporter", cfg)
		}
	})
	t.Run("several faults of Validate", func(t *testing.T) {
		_, ds := load("exporter_type: lines\nsample_rate: 1\nlines: {path: bad, mode: append}")
		wantKinds(t, ds, "invalid_value", "invalid_value", "invalid_value")
		want := "tracing.yaml:2:18: lines: the two do not fit\n" +
			"tracing.yaml:4:17: tracing.lines.path: no such table\ntracing.yaml:4:17: tracing.lines.path: no such column"
		if lines(ds) != want {
			t.Errorf("diagnosed\n%s\nwant\n%s", lines(ds), want)
		}
	})
	t.Run("a plugin without a description", func(t *testing.T) {
		var broken registry.Registry
		if err := broken.Register(registry.NewFactory("broken", func() lines1 { panic("no defaults") }, func(context.Context, registry.BuildContext, lines1) (sdktrace.SpanExporter, error) {
			return tracetest.NewNoopExporter(), nil
		})); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(config.Sources{Environ: []string{}, Registry: &broken})
		if err == nil || !strings.Contains(err.Error(), `exporter "broken": panic in defaults: no defaults`) {
			t.Errorf("Load = %v, want the fault of the plugin", err)
		}
	})
	t.Run("misspelt, and its secret", func(t *testing.T) {
		_, ds := load("lines: {pth: x, token: [hunter2], delay: 0}")
		wantKinds(t, ds, config.ErrUnknownKey, config.ErrWrongType, config.ErrOutOfRange)
		if strings.Contains(lines(ds), "hunter2") || !strings.Contains(lines(ds), `did you mean "path"?`) {
			t.Errorf("diagnosed %s", lines(ds))
		}
	})
	t.Run("an exporter of spanroute that is not linked in", func(t *testing.T) {
		cfg, ds := load("exporter_type: zipkin\nsample_rate: 1\njaeger: {nonsense: 1}")
		wantKinds(t, ds, config.WarnIgnored)
		if cfg == nil {
			t.Error("a section of no use is an error")
		}
		_, ds = config.Diagnose(config.Sources{
			Environ: []string{"SPANROUTE_JAEGER_THRIFT_AGENT_PORT=x"}, Registry: r,
			Defaults: map[string]any{"otlp": map[string]any{"endpoint": "h"}},
		})
		wantKinds(t, ds, config.WarnIgnored, config.WarnIgnored)
		_, ds = load("exporter_type: jaeger")
		wantKinds(t, ds, config.ErrUnsupported)
		if want := `exporter "jaeger" is not linked into this program; import github.com/spanroute/spanroute/exporters/jaeger or exporters/all`; !strings.Contains(lines(ds), want) {
			t.Errorf("diagnosed %s, want %s", lines(ds), want)
		}
	})
}

type routes struct {
	Routes []route `koanf:"routes" doc:"where spans go"`
}

type route struct {
	Host   string `koanf:"host" doc:"host"`
	Weight int    `koanf:"weight" range:"1..100" doc:"share"`
}

// A list of objects in a plugin's section is checked as that of a common key is, with the place of each fault.
func TestPluginWithObjects(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	build := func(context.Context, registry.BuildContext, routes) (sdktrace.SpanExporter, error) {
		return tracetest.NewNoopExporter(), nil
	}
	if err := r.Register(registry.NewFactory("fanout", func() routes { return routes{} }, build)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, routes, want string }{
		{"valid", "[{host: a, weight: 1}, {host: b}]", ""},
		{"a range", "[{host: a}, {host: b, weight: 500}]", "tracing.yaml:4:42: tracing.fanout.routes[2].weight: 500 is out of range, want 1 to 100"},
		{"an unknown key", "[{hst: a}]", `tracing.yaml:4:22: tracing.fanout.routes[1].hst: unknown key; did you mean "host"?`},
		{"a text", "[a]", "tracing.yaml:4:21: tracing.fanout.routes: text is not a map"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, section("exporter_type: fanout\nsample_rate: 1\nfanout: {routes: "+tt.routes+"}"))
			_, ds := config.Diagnose(config.Sources{Files: []string{file}, Environ: []string{}, Registry: r})
			if got := lines(ds); got != tt.want {
				t.Errorf("diagnosed %s, want %s", got, tt.want)
			}
		})
	}
}

type backend struct {
	Host string `koanf:"host" format:"host" doc:"host"`
	URL  string `koanf:"url" format:"url" doc:"where spans go"`
	User string `koanf:"user" with:"host" doc:"user at the host"`
}

// The values of a plugin's keys are checked by its tags, also if it is not selected.
func TestPluginTags(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	build := func(context.Context, registry.BuildContext, backend) (sdktrace.SpanExporter, error) {
		return tracetest.NewNoopExporter(), nil
	}
	if err := r.Register(registry.NewFactory("backend", func() backend { return backend{} }, build)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, keys, want string }{
		{"valid", "{host: '::1', url: 'h:80/x'}", ""},
		{"a host with a port", "{host: 'h:1'}", `tracing.yaml:2:19: tracing.backend.host: "h:1" has a port, want a host name or IP address; the port has its own key`},
		{"a key without the other", "{user: u}", "tracing.yaml:2:19: tracing.backend.user: backend.host is not set; set both or neither"},
		{"another scheme", "{url: 'ftp://h'}", `tracing.yaml:2:18: tracing.backend.url: "ftp://h" has the scheme "ftp", want http or https`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, section("backend: "+tt.keys))
			_, ds := config.Diagnose(config.Sources{Files: []string{file}, Environ: []string{}, Registry: r})
			if got := lines(ds); got != tt.want {
				t.Errorf("diagnosed %s, want %s", got, tt.want)
			}
		})
	}
}
