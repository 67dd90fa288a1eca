package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

func TestPrepareReportsEveryFaultByKey(t *testing.T) {
	r := with(t, factory("lines"))
	var texts goldentext.Rows
	for _, tt := range []struct {
		name    string
		section m
	}{
		{"an unknown key", m{"pth": 1}},
		{"two faults", m{"thrift": m{"agent_port": "x"}, "path": 5}},
		{"two faults of Validate", m{"path": "bad"}},
		{"Validate does not check a section with another fault", m{"path": "bad", "token": 5}},
	} {
		open, err := r.Prepare("lines", tt.section)
		texts.AddError(t, tt.name, err)
		var key *settings.KeyError
		if open != nil || !errors.As(err, &key) {
			t.Errorf("Prepare(%v) = %v, want a *KeyError and no opener", tt.section, err)
		}
	}
	texts.Check(t)
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
		x, err := open(context.Background(), registry.BuildContext{})
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

func TestBuildContextIsComplete(t *testing.T) {
	r := with(t, factory("lines"))
	open, _ := r.Prepare("lines", nil)
	x, err := open(context.Background(), registry.BuildContext{Delivery: delivery.Options{Timeout: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	c := x.(*exporter).common
	c.Logger().Info("does not panic")
	if c.Name() != "lines" || c.Timeout() != time.Second || c.Source("path") != "built-in" {
		t.Errorf("common = %+v, source %q", c, c.Source("path"))
	}

	logger := slog.New(slog.DiscardHandler)
	x, _ = open(context.Background(), registry.BuildContext{Source: func(k string) string { return k + "!" },
		Delivery: delivery.Options{ID: "d", Timeout: -1, Logger: logger}})
	c = x.(*exporter).common
	if c.Name() != "d" || c.Logger() != logger || c.Source("x") != "x!" || c.Timeout() != -1 {
		t.Errorf("what was given is not kept: %+v", c)
	}
}

func TestPanicsOfPluginsAreErrors(t *testing.T) {
	bad := func() lines { panic("no defaults") }
	r := with(t, factory("lines"),
		registry.NewFactory("defaults", bad, build),
		registry.NewFactory("build", lineDefaults, func(_ context.Context, _ registry.BuildContext, s lines) (sdktrace.SpanExporter, error) {
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
	x, err := open(context.Background(), registry.BuildContext{})
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
		r := with(t, registry.NewFactory("lines", lineDefaults, func(context.Context, registry.BuildContext, lines) (sdktrace.SpanExporter, error) {
			return result.x, result.err
		}))
		open, _ := r.Prepare("lines", nil)
		x, err := open(context.Background(), registry.BuildContext{})
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
	r := with(t, registry.NewFactory("p", nil, func(_ context.Context, _ registry.BuildContext, s pointer) (sdktrace.SpanExporter, error) {
		got = s.A
		return &exporter{}, nil
	}))
	open, err := r.Prepare("p", m{"a": "x"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := open(context.Background(), registry.BuildContext{}); err != nil || got != "x!" {
			t.Errorf("built from %q, %v, want x! each time", got, err)
		}
	}
}
