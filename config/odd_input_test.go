package config_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// Two keys with one name are a fault of the table: an exporter cannot be called like a common key or section.
func TestExporterCalledLikeACommonKey(t *testing.T) {
	t.Parallel()
	build := func(context.Context, registry.BuildContext, struct{}) (sdktrace.SpanExporter, error) {
		return tracetest.NewNoopExporter(), nil
	}
	for _, name := range []string{"batch", "delivery", "limits", "timeout", "type", "sampling", "exporter_type", "enabled"} {
		for how, factory := range map[string]registry.Factory{
			"name":  registry.NewFactory(name, nil, build),
			"alias": registry.NewFactory("lines", nil, build, registry.WithAlias(name)),
		} {
			t.Run(name+" as "+how, func(t *testing.T) {
				t.Parallel()
				r := new(registry.Registry)
				if err := r.Register(factory); err != nil {
					t.Fatal(err)
				}
				cfg, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: r})
				wantKinds(t, ds, config.ErrConflict)
				if cfg != nil || !strings.Contains(lines(ds), "the name of a common key") {
					t.Errorf("diagnosed %s", lines(ds))
				}
			})
		}
	}
}

// What YAML allows and the section does not.
func TestOddYAML(t *testing.T) {
	runAll(t, []situation{
		{name: "<< of a number", file: "<<: 5\nsample_rate: 1", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:7: tracing.<<:"}},
		{name: "<< of numbers", file: "zipkin: {<<: [{timeout: 1}, 2]}", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:31: tracing.zipkin.<<:"}},
		{name: "<< in headers", file: "zipkin: {headers: {<<: x}}", kinds: only(config.ErrWrongType)},
		{name: "<< of null", file: "<<: ~\nsample_rate: 1"},
		{name: "tag of the file", raw: "!foo\ntracing: {sample_rate: 1}", kinds: only(config.ErrWrongType)},
		{name: "tag of the section", raw: "tracing: !!omap {sample_rate: 1}", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:1:10: tracing:"}},
		{name: "tag of an inner section", file: "zipkin: !foo {timeout: 1}", kinds: only(config.ErrWrongType)},
		{name: "tag of a key", file: "!foo sample_rate: 1", kinds: only(config.ErrWrongType)},
		{name: "tags that say nothing new", raw: "!!map {tracing: !!map {zipkin: !!map {timeout: 1}}}"},
		{name: "a password of another type is not missing too", file: "jaeger: {username: u, password: 5}", kinds: only(config.ErrWrongType)},
		{name: "a long number for an address", file: "zipkin: {local_node_ipv6: " + strings.Repeat("9", 5000) + "}", kinds: only(config.ErrOutOfRange)},
	})
}

// A common timeout in a SPANROUTE_* variable overrides an OTEL_* timeout of one exporter.
func TestHiddenTimeoutOfOneExporter(t *testing.T) {
	runAll(t, []situation{
		{name: "common over one exporter's", file: "sample_rate: 1\nexporter_type: otlp", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=7000", "SPANROUTE_TIMEOUT=5"},
			kinds: only(config.WarnHidden), want: values{"otlp.timeout": "5s"},
			at: []string{"SPANROUTE_TIMEOUT: timeout:"}},
		{name: "the same value", file: "sample_rate: 1\nexporter_type: otlp", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=5000", "SPANROUTE_TIMEOUT=5"}},
		{name: "a file hides nothing", file: "sample_rate: 1\nexporter_type: otlp\ntimeout: 5", env: []string{"OTEL_EXPORTER_OTLP_TIMEOUT=7000"},
			want: values{"otlp.timeout": "7s"}},
	})
}

// Secrets that stand where nobody expects them.
func TestSecretsOutOfPlace(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"URL for a number":     "tracing:\n  zipkin: {local_node_port: \"http://u:hunter2@h/\"}\n",
		"URL for a duration":   "tracing:\n  timeout: \"http://u:hunter2@h/\"\n",
		"URL for a value":      "tracing:\n  otlp: {protocol: \"http://u:hunter2@h/\"}\n",
		"URL in a pattern":     "tracing:\n  excluded_urls: [\"http://u:hunter2@h/(\"]\n",
		"URL for a file":       "tracing:\n  exporter_type: otlp\n  otlp: {endpoint: \"https://h\", grpc: {certificate_file: \"http://u:hunter2@h\"}}\n",
		"URL without scheme":   "tracing:\n  exporter_type: zipkin\n  zipkin: {endpoint: \"//u:hunter2@h/\"}\n",
		"variable in a list":   "tracing:\n  propagators: [\"${MY_TOKEN}\"]\n",
		"variable in a text":   "tracing:\n  propagators: \"${MY_TOKEN}\"\n",
		"variable, a pattern":  "tracing:\n  excluded_paths: [\"${MY_TOKEN}\"]\n",
		"variable, an address": "tracing:\n  zipkin: {local_node_ipv4: \"${MY_TOKEN}\"}\n",
		"tab in indentation":   "tracing:\n  otlp:\n    http:\n      headers:\n\t  a: hunter2\n",
		"no variable":          "tracing:\n  otlp: {http: {headers: {a: \"${a hunter2}\"}}}\n",
		"another name":         "tracing:\n  jaeger: {PW: hunter2}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds := check(t, file, "MY_TOKEN=hunter2")
			if len(ds.Errors()) == 0 {
				t.Fatal("no error to show")
			}
			var b strings.Builder
			if err := ds.WriteText(&b, false); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "hunter2") {
				t.Errorf("a secret shows:\n%s", b.String())
			}
		})
	}
	t.Run("print and explain", func(t *testing.T) {
		t.Parallel()
		cfg, ds := check(t, section("service_name: \"http://u:hunter2@h/\"\nresource_attributes: {a: \"http://u:hunter2@h/\"}\nexporter_type: zipkin\nzipkin: {endpoint: \"http://h/${MY_TOKEN}\"}\nsample_rate: 1"), "MY_TOKEN=hunter2x")
		wantKinds(t, ds)
		shown := fmt.Sprintf("%v %#v", cfg, *cfg)
		for _, key := range []string{"service_name", "resource_attributes"} {
			x, _ := cfg.Explain(key)
			shown += x.String()
		}
		if strings.Contains(shown, "hunter2@") {
			t.Errorf("a secret shows:\n%s", shown)
		}
		if x, _ := cfg.Explain("zipkin.endpoint"); strings.Contains(x.String(), "hunter2x") {
			t.Errorf("a secret shows:\n%s", x)
		}
		var open strings.Builder
		if err := cfg.WriteYAML(&open, true); err != nil || strings.Count(open.String(), "u:hunter2@h") != 2 {
			t.Errorf("--show-secrets hides some:\n%s", open.String())
		}
	})
}

// Many headers cost what they are, not their square. With the square, each of these took half a minute.
func TestManyHeaders(t *testing.T) {
	t.Parallel()
	list := func(n int, format string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ",")
	}
	for name, headers := range map[string]string{
		"text":  `"` + list(90_000, "a%d=b") + `"`,
		"map":   "{" + list(20_000, "a%d: b") + "}",
		"pairs": "[" + list(12_000, "[a%d, b]") + "]",
	} {
		t.Run(name, func(t *testing.T) {
			var cfg *config.Config
			var ds config.Diagnostics
			took := spent(func() { cfg, ds = check(t, section("otlp: {http: {headers: "+headers+"}}")) })
			if cfg == nil {
				t.Fatal(lines(ds))
			}
			if took > 8*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Whatever a text looks like, print and load give it back, as YAML and as JSON.
func TestPrintLoadsBackOddTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"true", "1.0", "~", "${X}", "$${X}", "${", "a: b", "# c", "'", "\"", "\\", "a\nb", "\ta", "<<", "!foo", "*a", "1:30", "2024-01-01",
		"[a]", "{a: b}", "%zz", " a ", "|", "@", "\u0085", "\u2028", "\x01", "\x7f", "\ufeff", "a\r\nb",
	} {
		cfg, err := config.Load(config.Sources{Environ: []string{"X=boo"}, Registry: kit, Overrides: map[string]any{
			"service_name": text + ".", "exporter_type": "jaeger", "sample_rate": 1,
			"resource_attributes": map[string]any{"k": text}, "jaeger": map[string]any{"username": "u", "password": text + "."},
		}})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var asYAML, asJSON, again strings.Builder
		if err := cmp.Or(cfg.WriteYAML(&asYAML, true), cfg.WriteJSON(&asJSON, true)); err != nil {
			t.Fatal(err)
		}
		for _, printed := range []string{asYAML.String(), asJSON.String()} {
			loaded, ds := check(t, printed, "X=boo")
			if loaded == nil {
				t.Errorf("%q: %s\n%s", text, lines(ds), printed)
				continue
			}
			again.Reset()
			if err := loaded.WriteYAML(&again, true); err != nil || again.String() != asYAML.String() || loaded.ServiceName != text+"." {
				t.Errorf("%q: printed\n%swant\n%s", text, again.String(), asYAML.String())
			}
		}
	}
}

// Bytes that no exporter could send do not get in.
func TestTextThatIsNoUTF8(t *testing.T) {
	runAll(t, []situation{
		{name: "OpenTelemetry's name", env: []string{"OTEL_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding), want: values{"service_name": ""}},
		{name: "OpenTelemetry's attributes", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=\xff"}, kinds: only(config.ErrEncoding), want: values{"resource_attributes": ""}},
		{name: "behind percent signs", env: []string{"OTEL_RESOURCE_ATTRIBUTES=a=%ff,b=c"}, kinds: only(config.ErrEncoding), want: values{"resource_attributes": ""}},
		{name: "in a file", file: "resource_attributes: \"a=%ff\"", kinds: only(config.ErrEncoding)},
		{name: "the kit's name", env: []string{"SPANROUTE_SERVICE_NAME=\xff"}, kinds: only(config.ErrEncoding)},
	})
}

func TestEdgeCases(t *testing.T) {
	runAll(t, []situation{
		{name: "0 is a time without end for timeouts only", file: "sample_rate: 1", env: []string{"OTEL_BSP_SCHEDULE_DELAY=0"},
			kinds: only(config.ErrOutOfRange), want: values{"batch.schedule_delay": "5s"}},
		{name: "root in capitals", raw: "TRACING: {sample_rate: 1}", kinds: only(config.ErrUnknownKey)},
		{name: "aliases count each time", raw: "a: &a [x, x, x, x, x, x, x, x, x]\nb: [" + strings.Repeat("*a, ", 6000) + "]\n", kinds: only(config.ErrTooDeep)},
	})
	t.Run("both names of a conflict in code", func(t *testing.T) {
		t.Parallel()
		_, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: kit, Overrides: map[string]any{"type": "otlp", "exporter_type": "zipkin"}})
		if want := `type: "otlp" conflicts with exporter_type, keep one`; !strings.Contains(lines(ds), want) {
			t.Errorf("diagnosed %s, want %s", lines(ds), want)
		}
	})
}
