package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/settings"
	"github.com/spanroute/spanroute/registry"
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
		return errors.Join(&registry.KeyError{Key: "path", Err: errors.New("is bad")}, &registry.KeyError{Key: "token", Err: errors.New("is bad too")})
	}
	return nil
}

func lineDefaults() lines {
	return lines{Path: "spans.jsonl", Labels: map[string]string{"a": "b"}, Names: []string{"x"}}
}

// exporter remembers what it was built from.
type exporter struct {
	common   registry.Common
	settings lines
}

func (*exporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (*exporter) Shutdown(context.Context) error                             { return nil }

func build(_ context.Context, c registry.Common, s lines) (sdktrace.SpanExporter, error) {
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

func TestNamesAreOneSpaceWithoutLetterCase(t *testing.T) {
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
		{simple[int]("lines"), `exporter "lines": int is no struct`},
		{simple[timeout]("lines"), `exporter "lines": the key timeout is every exporter's already, use Common.Timeout`},
		{factory(""), `exporter "": the name "" is not of the form [a-z][a-z0-9_]*`},
		{factory("a-b"), `exporter "a-b": the name "a-b" is not of the form [a-z][a-z0-9_]*`},
		{factory("None"), `exporter "none": the name "none" means no exporter`},
		{factory("lines", registry.WithAlias("none")), `exporter "lines": the name "none" means no exporter`},
		{factory("lines", registry.WithAlias("Lines")), `exporter "lines": the name "lines" is given twice`},
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

func simple[S any](name string) registry.Factory {
	return registry.NewFactory(name, nil, func(context.Context, registry.Common, S) (sdktrace.SpanExporter, error) {
		return &exporter{}, nil
	})
}

func TestUnknownNamesAreAnsweredWithTheKnownOnes(t *testing.T) {
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
		{new(registry.Registry), "lines", settings.ErrUnknownValue, `unknown exporter "lines" (there are none, import github.com/spanroute/spanroute/exporters/all)`},
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
		Keys: []registry.Key{
			{Path: "path", Aliases: []string{"file"}, Type: "string", Doc: "file to append to", Default: "spans.jsonl"},
			{Path: "token", Type: "string", Doc: "sent along", Secret: true},
			{Path: "labels", Type: "map", Doc: "added to each line", Default: registry.Pairs{{Name: "a", Value: "b"}}},
			{Path: "names", Type: "list", Doc: "spans to keep", Default: []string{"x"}},
			{Path: "thrift.agent_port", Type: "int", Doc: "port", Range: "1..65535"},
		},
	}
	got, err := r.Describe("log")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(registry.Key{})); diff != "" || err != nil {
		t.Errorf("Describe: %v (-want +got):\n%s", err, diff)
	}
}

func TestPrepareReportsEveryFaultByKey(t *testing.T) {
	r := with(t, factory("lines"))
	for _, tt := range []struct {
		section m
		want    string
	}{
		{m{"pth": 1}, `pth: unknown key, did you mean "path"?`},
		{m{"thrift": m{"agent_port": "x"}, "path": 5}, "path: 5 is not text, quote it\nthrift.agent_port: \"x\" is not a whole number, want 1 to 65535"},
		{m{"path": "bad"}, "path: is bad\ntoken: is bad too"},
		{m{"path": "bad", "token": 5}, "token: the value is not text, quote it"}, // Validate sees whole settings only
	} {
		open, err := r.Prepare("lines", tt.section)
		var key *registry.KeyError
		if open != nil || err == nil || err.Error() != tt.want || !errors.As(err, &key) {
			t.Errorf("Prepare(%v) = %v\nwant %s", tt.section, err, tt.want)
		}
	}
}

func TestPrepareThenOpen(t *testing.T) {
	r := with(t, factory("lines"))
	section := m{"file": "a", "names": []any{"n"}, "labels": m{"k": 1}, "thrift": m{"agent_port": nil}}
	open, err := r.Prepare("LINES", section)
	if err != nil {
		t.Fatal(err)
	}
	section["names"].([]any)[0], section["labels"].(m)["k"], section["file"] = "changed", "changed", "changed"
	want := lines{Path: "a", Labels: map[string]string{"k": "1"}, Names: []string{"n"}}
	for range 2 {
		x, err := open(context.Background(), registry.Common{})
		if err != nil {
			t.Fatal(err)
		}
		got := x.(*exporter).settings
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
		got.Names[0], got.Labels["k"] = "changed", "changed" // must not reach the second opening
	}
}

func TestCommonIsComplete(t *testing.T) {
	r := with(t, factory("lines"))
	open, _ := r.Prepare("lines", nil)
	x, err := open(context.Background(), registry.Common{Name: "wrong", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c := x.(*exporter).common
	c.Logger.Info("does not panic")
	if c.Name != "lines" || c.ID != "lines" || c.Source("path") != "built-in" {
		t.Errorf("common = %+v, source %q", c, c.Source("path"))
	}
	if d := c.Delivery; d.ID != "lines" || d.Timeout != time.Second || d.Logger != c.Logger {
		t.Errorf("delivery = %+v", d)
	}

	logger := slog.New(slog.DiscardHandler)
	x, _ = open(context.Background(), registry.Common{ID: "lines/b", Logger: logger, Source: func(k string) string { return k + "!" },
		Delivery: delivery.Options{ID: "d", Timeout: -1}})
	c = x.(*exporter).common
	if c.ID != "lines/b" || c.Logger != logger || c.Source("x") != "x!" || c.Delivery.ID != "d" || c.Delivery.Timeout != -1 {
		t.Errorf("what was given is not kept: %+v", c)
	}
}

func TestPanicsOfPluginsAreErrors(t *testing.T) {
	bad := func() lines { panic("no defaults") }
	r := with(t, factory("lines"),
		registry.NewFactory("defaults", bad, build),
		registry.NewFactory("build", lineDefaults, func(_ context.Context, _ registry.Common, s lines) (sdktrace.SpanExporter, error) {
			panic(fmt.Errorf("token %s", s.Token))
		}))
	_, err := r.Describe("defaults")
	saysOnly(t, err, `exporter "defaults": panic in defaults: no defaults`)
	_, err = r.Prepare("defaults", nil)
	saysOnly(t, err, `exporter "defaults": panic in defaults: no defaults`)
	_, err = r.Prepare("lines", m{"path": "panic", "token": "hunter2"})
	saysOnly(t, err, `exporter "lines": panic in Validate: at ***`)
	open, err := r.Prepare("build", m{"token": "hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	x, err := open(context.Background(), registry.Common{})
	saysOnly(t, err, `exporter "build": panic in build: token ***`)
	if x != nil {
		t.Error("an exporter beside an error")
	}
}

func saysOnly(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestBuildMustReturnOneOfTheTwo(t *testing.T) {
	boom := errors.New("boom")
	for name, result := range map[string]struct {
		x    sdktrace.SpanExporter
		err  error
		want string
	}{
		"nil":       {nil, nil, `exporter "lines": build returned neither an exporter nor an error`},
		"typed nil": {(*exporter)(nil), nil, `exporter "lines": build returned neither an exporter nor an error`},
		"error":     {&exporter{}, boom, "boom"},
	} {
		r := with(t, registry.NewFactory("lines", lineDefaults, func(context.Context, registry.Common, lines) (sdktrace.SpanExporter, error) {
			return result.x, result.err
		}))
		open, _ := r.Prepare("lines", nil)
		x, err := open(context.Background(), registry.Common{})
		if x != nil || err == nil || err.Error() != result.want || result.err != nil && !errors.Is(err, boom) {
			t.Errorf("%s: open = %v, %v, want %s", name, x, err, result.want)
		}
	}
}

// pointer has its Validate on *S, where it may complete the settings.
type pointer struct {
	A string `koanf:"a" doc:"a"`
}

func (p *pointer) Validate() error { p.A += "!"; return nil }

func TestValidateOnThePointer(t *testing.T) {
	var got string
	r := with(t, registry.NewFactory("p", nil, func(_ context.Context, _ registry.Common, s pointer) (sdktrace.SpanExporter, error) {
		got = s.A
		return &exporter{}, nil
	}))
	open, err := r.Prepare("p", m{"a": "x"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := open(context.Background(), registry.Common{}); err != nil || got != "x!" {
			t.Errorf("built from %q, %v, want x! each time", got, err)
		}
	}
}

func TestPluginCodeMayUseTheRegistry(t *testing.T) {
	var r registry.Registry
	var once sync.Once
	defaults := func() lines {
		once.Do(func() {
			if err := r.Register(factory("second")); err != nil {
				t.Error(err)
			}
		})
		_ = r.Names()
		return lineDefaults()
	}
	if err := r.Register(registry.NewFactory("first", defaults, build)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := r.Prepare("first", nil)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil || len(r.Names()) != 2 {
			t.Errorf("Prepare = %v, names %v", err, r.Names())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a factory that registers another one blocks")
	}
}

func TestASlowPluginBlocksNobody(t *testing.T) {
	var r registry.Registry
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := func() lines {
		close(entered)
		<-leave
		return lineDefaults()
	}
	if err := r.Register(registry.NewFactory("slow", slow, build)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = r.Describe("slow") }()
	<-entered
	if err := r.Register(factory("quick")); err != nil {
		t.Error(err)
	}
	if _, err := r.Prepare("quick", nil); err != nil {
		t.Error(err)
	}
	close(leave)
	<-done
}

func TestConcurrentUse(t *testing.T) {
	var r registry.Registry
	var wg sync.WaitGroup
	won := make(chan string, 64)
	for i := range 16 {
		wg.Go(func() {
			name := fmt.Sprintf("x%d", i%4)
			if r.Register(factory(name, registry.WithAlias(name+"_alias"))) == nil {
				won <- name
			}
			for range 20 {
				_ = r.Names()
				_, _ = r.Describe("x1")
				if open, err := r.Prepare("x2_alias", m{"names": "a,b"}); err == nil {
					_, _ = open(context.Background(), registry.Common{})
				}
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"x0", "x1", "x2", "x3"}, r.Names()); diff != "" || len(won) != 4 {
		t.Errorf("%d factories won (-want +got):\n%s", len(won), diff)
	}
}

func TestDefaultRegistryPanicsOnADuplicate(t *testing.T) {
	name := "registry_test_plugin"
	registry.Register(factory(name))
	defer func() {
		if r := recover(); r != `spanroute: exporter "registry_test_plugin" is already registered` {
			t.Errorf("panic %v", r)
		}
		if d, err := registry.Default().Describe(name); err != nil || d.Name != name {
			t.Errorf("Describe = %v, %v", d, err)
		}
	}()
	registry.Register(factory(name))
}
