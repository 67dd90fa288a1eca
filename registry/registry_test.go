package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/goldentext"
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
	var texts goldentext.Rows
	for _, tt := range []struct {
		name string
		f    registry.Factory
	}{
		{"fields without a tag", simple[noTag]("lines")},
		{"two fields with one key", simple[twice]("lines")},
		{"a type that cannot be decoded", simple[channel]("lines")},
		{"settings that are not a struct", simple[int]("lines")},
		{"a reserved key", simple[timeout]("lines")},
		{"an empty name", factory("")},
		{"a name with a dash", factory("a-b")},
		{"the name none", factory("None")},
		{"the alias none", factory("lines", registry.WithAlias("none"))},
		{"an alias that is the name", factory("lines", registry.WithAlias("Lines"))},
		{"no build function", registry.NewFactory[lines]("lines", nil, nil)},
		{"the zero factory", registry.Factory{}},
	} {
		var r registry.Registry
		err := r.Register(tt.f)
		texts.AddError(t, tt.name, err)
		if !errors.Is(err, registry.ErrInvalid) {
			t.Errorf("%s: Register = %v, want ErrInvalid", tt.name, err)
		}
		if len(r.Names()) != 0 {
			t.Errorf("%s: registered in spite of the error", tt.name)
		}
	}
	texts.Check(t)
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
	var texts goldentext.Rows
	for _, tt := range []struct {
		r    *registry.Registry
		name string
		kind settings.Kind
	}{
		{all, "zipkn", settings.ErrUnknownValue},
		{all, "stdot", settings.ErrUnknownValue},
		{all, "datadog", settings.ErrUnknownValue},
		{all, "", settings.ErrUnknownValue},
		{some, "jaegr", settings.ErrUnknownValue},
		{some, "jaeger", settings.ErrUnsupported},
		{some, "OTLP", settings.ErrUnsupported},
		{some, "stdout", settings.ErrUnsupported},
		{some, "in_memory", settings.ErrUnsupported},
		{new(registry.Registry), "lines", settings.ErrUnknownValue},
	} {
		_, described := tt.r.Describe(tt.name)
		_, prepared := tt.r.Prepare(tt.name, nil)
		for _, err := range []error{described, prepared} {
			if !errors.Is(err, registry.ErrUnknown) || !errors.Is(err, tt.kind) {
				t.Errorf("%q: %v, want ErrUnknown and %s", tt.name, err, tt.kind)
			}
		}
		texts.AddError(t, fmt.Sprintf("%q of %q", tt.name, tt.r.Names()), described)
		if described != nil && prepared != nil && described.Error() != prepared.Error() {
			t.Errorf("%q: Describe returns %q, Prepare %q", tt.name, described, prepared)
		}
	}
	texts.Check(t)
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
