package oracle_test

import (
	"context"
	"errors"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/zipkin"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// lines are the settings of a plugin.
type lines struct {
	Path   string            `koanf:"path" doc:"file to append to"`
	Mode   string            `koanf:"mode" enum:"append,truncate=cut" doc:"how"`
	Small  int32             `koanf:"small" doc:"32 bits"`
	Factor float64           `koanf:"factor" doc:"any number"`
	Labels map[string]string `koanf:"labels" doc:"free"`
	Token  string            `koanf:"token" with:"path" secret:"true" doc:"secret"`
	Routes []route           `koanf:"routes" doc:"where lines go"`
}

type route struct {
	Host   string `koanf:"host" alias:"name" format:"host" doc:"host"`
	Weight *int   `koanf:"weight" range:"1..100" doc:"share"`
}

func (l lines) Validate() error {
	if l.Path == "bad" {
		return &settings.KeyError{Key: "path", Err: errors.New("no such file")}
	}
	return nil
}

// withPlugin returns a registry with an exporter of spanroute and a plugin.
func withPlugin(t *testing.T) *registry.Registry {
	t.Helper()
	r := new(registry.Registry)
	build := func(context.Context, registry.BuildContext, lines) (sdktrace.SpanExporter, error) {
		return tracetest.NewNoopExporter(), nil
	}
	plugin := registry.NewFactory("lines", func() lines { return lines{Mode: "append"} }, build, registry.WithAlias("jsonl"))
	for _, f := range []registry.Factory{zipkin.Factory, plugin} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A file is a text with the verdict of both.
type file struct {
	text  string
	valid bool
}

func (f file) check(t *testing.T, sources config.Sources) {
	t.Helper()
	schema := builtIn()
	if sources.Registry != nil || sources.Section != "" {
		schema = compile(t, sources)
	}
	v := judge(t, schema, sources, []byte(f.text))
	v.check(t)
	if (v.schema == nil && v.instance == nil) != f.valid {
		t.Errorf("schema %v, want %t\n%s", v.schema, f.valid, f.text)
	}
}

func TestPlugin(t *testing.T) {
	sources := config.Sources{Registry: withPlugin(t)}
	for _, f := range []file{
		{"tracing: {exporter_type: [Lines, zipkin], sample_rate: 1, lines: {path: a, timeout: 1, labels: {a: 1}}}", true},
		{"tracing: {exporter_type: jsonl, jsonl: {mode: CUT, token: x, path: a}}", true},
		{"tracing: {lines: {mode: other}}", false},
		{"tracing: {lines: {small: 2147483648}}", false},
		{"tracing: {lines: {small: -5, factor: -1e300}}", true},
		{"tracing: {lines: {factor: 'x'}}", false},
		{"tracing: {lines: {token: x}}", false},
		{"tracing: {lines: {routes: [{host: a, weight: 1}, {name: '::1'}]}}", true},
		{"tracing: {lines: {routes: [{host: a, weight: 101}]}}", false},
		{"tracing: {lines: {routes: [{hst: a}]}}", false},
		{"tracing: {lines: {routes: [{host: a, name: b}]}}", false},
		{"tracing: {jaeger: {anything: [1]}, stdout: 5}", true},
		{"tracing: {exporter_type: jaeger}", false},
	} {
		f.check(t, sources)
	}
	const refused = "tracing: {lines: {path: bad}}" // by Validate
	if v := judge(t, compile(t, sources), sources, []byte(refused)); v.schema != nil || len(v.diagnostics.Errors()) == 0 {
		t.Errorf("schema %v, config.Load %v, want the second alone", v.schema, v.diagnostics)
	}
}

func TestOtherSections(t *testing.T) {
	for section, files := range map[string][]file{
		".":         {{"sample_rate: 1", true}, {"tracing: {sample_rate: 1}", false}, {"", true}, {"{}", true}},
		"app.trace": {{"app: {trace: {sample_rate: 1}, x: y}", true}, {"tracing: {sample_rate: 1}", false}, {"app: {trace: {x: 1}}", false}, {"tracng: 1\napp: {trace: ~}", true}, {"app: 1", false}},
	} {
		for _, f := range files {
			f.check(t, config.Sources{Section: section})
		}
	}
}

func TestPlacesOfTheSection(t *testing.T) {
	for _, f := range []file{
		{"", true},
		{"# nothing", true},
		{"{}", false},
		{"tracing: ~", true},
		{"tracing: {}", true},
		{"tracing: {zipkin: ~}\nsample_rate: 1", false},
		{"tracing: {timeout: 1}\nsample_rate: 1", true},
		{"zipkin: {endpoint: h}\ntracing: ~", false},
		{"zipkin: other\ntracing: ~", true},
		{"version: 2\nservices: {workers: 4, tracing: {exporter_type: jaeger, sample_rate: 1}}", true},
		{"api_server: {workers: 4}", false},
		{"api_server: off\ntracing: {timeout: 1}", true},
		{"Tracing: {timeout: 1}", false},
		{"training: {epochs: 1}\ntracing: {timeout: 1}", true},
		{"tracing.timeout: 1\ntracing: {timeout: 1}", false},
		{"api_server.tracing: {timeout: 1}\ntracing: {timeout: 1}", false},
		{"services.tracing: {timeout: 1}\ntracing: {timeout: 1}", false},
		{"services.tracings: 1\ntracing: {timeout: 1}", true},
		{"- tracing", false},
		{"tracing", false},
		{"tracing: [a]", false},
		{"$schema: ./schema.json\ntracing: {timeout: 1}", true},
	} {
		f.check(t, config.Sources{})
	}
}

func TestRulesBetweenKeys(t *testing.T) {
	for text, valid := range map[string]bool{
		"force: {header: x}":                                false,
		"force: {header: x, secret: s}":                     true,
		"force: {header: x, secret: ''}":                    false,
		"force: {header: x, networks: [10.0.0.0/8, '::1']}": true,
		"force: {header: x, networks: []}":                  false,
		"force: {header: x, networks: ['']}":                false,
		"force: {networks: 10.0.0.0/8}":                     false,
		"force: {networks: [10.0.0.0/33], header: x}":       false,
		"rules: [{path: /a, keep: true}]":                   true,
		"rules: [{path: [], keep: true}]":                   false,
		"rules: [{path: [' '], keep: true}]":                false,
		"rules: [{header: {}, keep: true}]":                 false,
		"rules: [{header: {a: 1}, keep: True}]":             true,
		"rules: [{header: 'a=1', keep: true}]":              true,
		"rules: [{slower_than: 0, keep: true}]":             false,
		"rules: [{slower_than: 0s, keep: true}]":            false,
		"rules: [{slower_than: 2s, keep: true}]":            true,
		"rules: [{status: error, rate: 0}]":                 true,
		"rules: [{status: error}]":                          false,
		"rules: [{status: error, keep: false}]":             false,
		"rules: [{status: error, keep: 'true'}]":            false,
		"rules: [{status: error, rate: '0.5'}]":             false,
		"rules: [{status: error, rate: ~, limit: 5}]":       true,
		"rules: [{status: error, rate: 1, keep: true}]":     false,
		"rules: [{status: error, rate: 1, drop: false}]":    true,
		"rules: [{status: error, drop: true, limit: 1}]":    false,
		"rules: [{status: error, keep: true, drop: true}]":  false,
		"rules: {path: /a}":                                 false,
		"rules: ~":                                          true,
		"rules: ''":                                         false,
	} {
		file{"tracing: {sampling: {" + text + "}}", valid}.check(t, config.Sources{})
	}
	for text, valid := range map[string]bool{
		"jaeger: {username: u}":                                       false,
		"jaeger: {username: u, password: '${P:-p}'}":                  true,
		"otlp: {endpoint: 'unix:///a'}":                               true,
		"otlp: {endpoint: 'unix:///a', protocol: http}":               false,
		"otlp: {url: 'http://u:p@h', protocol: GRPC}":                 false,
		"otlp: {url: 'http://u:p@h', protocol: http/Protobuf}":        true,
		"otlp: {headers: {x~y: 1}, protocol: http}":                   true,
		"otlp: {headers: {x~y: 1}}":                                   false,
		"otlp: {http: {headers: {x~y: 1}}}":                           true,
		"jaeger: {grpc: {endpoint: 'dns:///h'}, protocol: grpc}":      true,
		"jaeger: {grpc: {endpoint: 'dns:///h'}}":                      false,
		"jaeger: {collector_endpoint: 'h:14250'}":                     true,
		"exporter_type: [none, otlp]":                                 false,
		"exporter_type: 'none,'":                                      true,
		"propagators: [none]":                                         true,
		"propagators: [TraceContext, none]":                           false,
		"sampling: {remote: {endpoint: 'http://u:p@h:14250'}}":        false,
		"sampling: {remote: {endpoint: 'http://u:p@h:14250/x'}}":      true,
		"sampling: {remote: {endpoint: 'grpcs://h', interval: 99ms}}": false,
	} {
		file{"tracing: {" + text + "}", valid}.check(t, config.Sources{})
	}
}
