package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

type m = map[string]any

// lines is a plugin's settings.
type lines struct {
	Path   string            `koanf:"path" alias:"file" doc:"file to append to"`
	Token  string            `koanf:"token" secret:"true" doc:"sent along"`
	Labels map[string]string `koanf:"labels" doc:"added to each line"`
	Names  []string          `koanf:"names" doc:"spans to keep"`
	Thrift struct {
		Port int `koanf:"agent_port" range:"1..65535" doc:"port"`
	} `koanf:"thrift"`
}

func (l lines) Validate() error {
	if l.Path == "panic" {
		panic("at " + l.Token)
	}
	if l.Path == "bad" {
		return errors.Join(&settings.KeyError{Key: "path", Err: errors.New("is bad")}, &settings.KeyError{Key: "token", Err: errors.New("is bad too")})
	}
	return nil
}

func lineDefaults() lines {
	return lines{Path: "spans.jsonl", Labels: map[string]string{"a": "b"}, Names: []string{"x"}}
}

// exporter remembers what it was built from.
type exporter struct {
	common   registry.BuildContext
	settings lines
}

func (*exporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (*exporter) Shutdown(context.Context) error                             { return nil }

func build(_ context.Context, c registry.BuildContext, s lines) (sdktrace.SpanExporter, error) {
	return &exporter{c, s}, nil
}

func factory(name string, opts ...registry.FactoryOption) registry.Factory {
	return registry.NewFactory(name, lineDefaults, build, opts...)
}

func with(t *testing.T, factories ...registry.Factory) *registry.Registry {
	t.Helper()
	var r registry.Registry
	for _, f := range factories {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	return &r
}

func TestNamesAndAliasesAreOneNameSpace(t *testing.T) {
	r := with(t, factory("Zed"), factory("lines", registry.WithAlias("log", "Out")))
	if diff := cmp.Diff([]string{"lines", "zed"}, r.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		f    registry.Factory
		want string
	}{
		{factory("lines"), `exporter "lines" is already registered`},
		{factory("LINES"), `exporter "lines" is already registered`},
		{factory("out"), `exporter "out" is already registered`},
		{factory("new", registry.WithAlias("other", "lines")), `exporter "lines" is already registered`},
		{factory("new", registry.WithAlias("LOG")), `exporter "log" is already registered`},
	} {
		err := r.Register(tt.f)
		if !errors.Is(err, registry.ErrDuplicate) || err.Error() != tt.want {
			t.Errorf("Register = %v, want %s", err, tt.want)
		}
	}
	if diff := cmp.Diff([]string{"lines", "zed"}, r.Names()); diff != "" {
		t.Errorf("a refused factory left a trace (-want +got):\n%s", diff)
	}
	for _, name := range []string{"lines", "LINES", "log", "OUT"} {
		if d, err := r.Describe(name); err != nil || d.Name != "lines" {
			t.Errorf("Describe(%q) = %q, %v, want lines", name, d.Name, err)
		}
	}
	if _, err := r.Describe("other"); !errors.Is(err, registry.ErrUnknown) {
		t.Errorf("the alias of a refused factory is known: %v", err)
	}
}

func TestFactoriesThatCannotWork(t *testing.T) {
	type noTag struct{ Path, Other string }
	type twice struct {
		A int `koanf:"a"`
		B int `koanf:"a"`
	}
	type channel struct {
		A chan int `koanf:"a"`
	}
	type timeout struct {
		T time.Duration `koanf:"timeout"`
	}
	for _, tt := range []struct {
		f    registry.Factory
		want string
	}{
		{simple[noTag]("lines"), "exporter \"lines\": Path has no koanf tag\nexporter \"lines\": Other has no koanf tag"},
		{simple[twice]("lines"), `exporter "lines": two fields have the key a`},
		{simple[channel]("lines"), `exporter "lines": A: chan int cannot be decoded`},
		{simple[int]("lines"), `exporter "lines": int is not a struct`},
		{simple[timeout]("lines"), `exporter "lines": the key timeout is reserved, use BuildContext.Timeout`},
		{factory(""), `exporter "": the name "" is not of the form [a-z][a-z0-9_]*`},
		{factory("a-b"), `exporter "a-b": the name "a-b" is not of the form [a-z][a-z0-9_]*`},
		{factory("None"), `exporter "none": the name "none" means no exporter`},
		{factory("lines", registry.WithAlias("none")), `exporter "lines": the name "none" means no exporter`},
		{factory("lines", registry.WithAlias("Lines")), `exporter "lines": the name "lines" occurs twice`},
		{registry.NewFactory[lines]("lines", nil, nil), `exporter "lines": it has no build function`},
		{registry.Factory{}, `it was not made by NewFactory`},
	} {
		var r registry.Registry
		err := r.Register(tt.f)
		if !errors.Is(err, registry.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Register = %v\nwant %s", err, tt.want)
		}
		if len(r.Names()) != 0 {
			t.Errorf("%s: registered all the same", tt.want)
		}
	}
}

// A factory that cannot work does not stop init. Each use returns the reason.
func TestRegisterInInit(t *testing.T) {
	type badRange struct {
		Port int `koanf:"port" range:"1-65535"`
	}
	const fault = `exporter "lines": Port: range tag "1-65535" is not of the form lo..hi`
	attempt := func(r *registry.Registry, f registry.Factory) (panicked any) {
		defer func() { panicked = recover() }()
		registry.RegisterIn(r, f)
		return nil
	}
	tests := []struct {
		name string
		f    registry.Factory
		want any // panic
	}{
		{"a tag that does not parse", simple[badRange]("lines"), nil},
		{"without a name", registry.Factory{}, "spanroute: exporter \"\": the name \"\" is not of the form [a-z][a-z0-9_]*\nexporter \"\": it was not made by NewFactory"},
		{"a name that is taken", factory("taken"), `spanroute: exporter "taken" is already registered`},
	}
	for _, tt := range tests {
		r := with(t, factory("taken"))
		if got := attempt(r, tt.f); got != tt.want {
			t.Errorf("%s: panic %v, want %v", tt.name, got, tt.want)
		}
		if tt.want != nil {
			continue
		}
		_, described := r.Describe("LINES")
		_, prepared := r.Prepare("lines", nil)
		for _, err := range []error{described, prepared} {
			if !errors.Is(err, registry.ErrInvalid) || err.Error() != fault {
				t.Errorf("%s: %v, want %s", tt.name, err, fault)
			}
		}
	}
}

func simple[S any](name string) registry.Factory {
	return registry.NewFactory(name, nil, func(context.Context, registry.BuildContext, S) (sdktrace.SpanExporter, error) {
		return &exporter{}, nil
	})
}

func TestUnknownNamesGetTheKnownOnes(t *testing.T) {
	all := with(t, factory("console", registry.WithAlias("stdout")), factory("jaeger"), factory("memory"), factory("otlp"), factory("zipkin"))
	some := with(t, factory("zipkin"))
	for _, tt := range []struct {
		r    *registry.Registry
		name string
		kind settings.Kind
		want string
	}{
		{all, "zipkn", settings.ErrUnknownValue, `unknown exporter "zipkn", did you mean "zipkin"? (there are console, jaeger, memory, otlp, zipkin)`},
		{all, "stdot", settings.ErrUnknownValue, `unknown exporter "stdot", did you mean "stdout"? (there are console, jaeger, memory, otlp, zipkin)`},
		{all, "datadog", settings.ErrUnknownValue, `unknown exporter "datadog" (there are console, jaeger, memory, otlp, zipkin)`},
		{all, "", settings.ErrUnknownValue, `unknown exporter "" (there are console, jaeger, memory, otlp, zipkin)`},
		{some, "jaegr", settings.ErrUnknownValue, `unknown exporter "jaegr", did you mean "jaeger"? (there is only zipkin)`},
		{some, "jaeger", settings.ErrUnsupported, `exporter "jaeger" is not in this program, import github.com/spanroute/spanroute/exporters/jaeger or exporters/all`},
		{some, "OTLP", settings.ErrUnsupported, `exporter "otlp" is not in this program, import github.com/spanroute/spanroute/exporters/otlp or exporters/all`},
		{some, "stdout", settings.ErrUnsupported, `exporter "stdout" is not in this program, import github.com/spanroute/spanroute/exporters/console or exporters/all`},
		{some, "in_memory", settings.ErrUnsupported, `exporter "in_memory" is not in this program, import github.com/spanroute/spanroute/exporters/memory or exporters/all`},
		{new(registry.Registry), "lines", settings.ErrUnknownValue, `unknown exporter "lines" (no exporters are registered, import github.com/spanroute/spanroute/exporters/all)`},
	} {
		_, described := tt.r.Describe(tt.name)
		_, prepared := tt.r.Prepare(tt.name, nil)
		for _, err := range []error{described, prepared} {
			if !errors.Is(err, registry.ErrUnknown) || !errors.Is(err, tt.kind) || err.Error() != tt.want {
				t.Errorf("%q: %v\nwant %s (%s)", tt.name, err, tt.want, tt.kind)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	r := with(t, factory("lines", registry.WithAlias("log"), registry.WithDoc("appends spans to a file")))
	want := registry.Description{
		Name: "lines", Aliases: []string{"log"}, Doc: "appends spans to a file",
		Keys: []settings.Key{
			{Path: "path", Aliases: []string{"file"}, Type: "string", Doc: "file to append to", Default: "spans.jsonl"},
			{Path: "token", Type: "string", Doc: "sent along", Secret: true},
			{Path: "labels", Type: "map", Doc: "added to each line", Default: settings.Pairs{{Name: "a", Value: "b"}}},
			{Path: "names", Type: "list", Doc: "spans to keep", Default: []string{"x"}},
			{Path: "thrift.agent_port", Type: "int", Doc: "port", Range: "1..65535"},
		},
	}
	got, err := r.Describe("log")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(settings.Key{})); diff != "" || err != nil {
		t.Errorf("Describe: %v (-want +got):\n%s", err, diff)
	}
}
