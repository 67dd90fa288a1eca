package config_test

import (
	"context"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// keysOf lists the keys that the tags of a struct define, by the names of fields.
func keysOf(t reflect.Type, section, fields string, into map[string]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("koanf")
		path := section + tag
		if root, ok := strings.CutPrefix(tag, "/"); ok {
			path = root
		}
		switch {
		case !f.IsExported() || tag == "-":
		case f.Type.Kind() == reflect.Struct:
			keysOf(f.Type, path+".", fields+f.Name+".", into)
		default:
			into[fields+f.Name] = path
		}
	}
}

// One tag is all that a key needs: its documentation, its variable and its flag follow from it.
func TestEveryFieldOfConfigIsAKey(t *testing.T) {
	t.Parallel()
	fields := map[string]string{}
	keysOf(reflect.TypeFor[config.Config](), "", "", fields)
	if len(fields) < 25 {
		t.Fatalf("found %d fields, want more", len(fields))
	}
	page, err := os.ReadFile("KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]config.KeyInfo{}
	for _, k := range config.Table(builtin) {
		rows[k.Path] = k
	}
	flags := flag.NewFlagSet("program", flag.ContinueOnError)
	config.RegisterFlags(flags)
	for field, path := range fields {
		k, ok := rows[path]
		if !ok || path == "" {
			t.Errorf("Config.%s has the key %q, which the table does not have", field, path)
			continue
		}
		if want := "SPANROUTE_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_")); k.Env != want {
			t.Errorf("Config.%s has the variable %s, want %s", field, k.Env, want)
		}
		if want := "tracing." + strings.ReplaceAll(path, "_", "-"); k.Flag != want || flags.Lookup(k.Flag) == nil {
			t.Errorf("Config.%s has the flag %s, registered %t, want %s", field, k.Flag, flags.Lookup(k.Flag) != nil, want)
		}
		if row := "| `" + path + "` |"; k.Doc == "" || !strings.Contains(string(page), row) || !strings.Contains(string(page), "`"+k.Env+"`") {
			t.Errorf("Config.%s (%s) is not documented in KEYS.md", field, path)
		}
	}
}

// A file, a variable and a flag reach the field of each key.
func TestEveryKeyIsSetByFileVariableAndFlag(t *testing.T) {
	t.Parallel()
	for _, k := range config.Table(builtin) {
		text, ok := sampleValue(k)
		if !ok {
			continue
		}
		var file strings.Builder
		file.WriteString("tracing:\n")
		indent := "  "
		for part := range strings.SplitSeq(k.Path, ".") {
			file.WriteString(indent + part + ":\n")
			indent += "  "
		}
		for how, sources := range map[string]config.Sources{
			"a file":     {Environ: []string{}, Files: []string{write(t, strings.TrimSuffix(file.String(), "\n")+" "+text+"\n")}},
			"a variable": {Environ: []string{k.Env + "=" + text}},
			"a flag":     {Environ: []string{}, Flags: func(yield func(string, string) bool) { yield(k.Flag, text) }},
		} {
			sources.Registry = builtin
			cfg, ds := config.Diagnose(sources)
			if cfg == nil {
				t.Errorf("%s by %s: %s", k.Path, how, lines(ds))
			} else if cfg.Source(k.Path) == "built-in" {
				t.Errorf("%s is not set by %s", k.Path, how)
			}
		}
	}
}

// sampleValue returns a valid value of a key, false if one depends on other keys.
func sampleValue(k config.KeyInfo) (string, bool) {
	switch k.Type {
	case "bool":
		return "true", true
	case "int":
		return "512", true
	case "float":
		return "1", true
	case "duration":
		return "17s", true
	}
	if len(k.Enum) > 0 {
		return k.Enum[0], k.Exporter == ""
	}
	return "", false
}

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

// Two keys whose variables would have one name are a fault of the table, which no file can cause.
func TestTwoKeysWithOneVariable(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	for _, f := range []registry.Factory{
		registry.NewFactory("a_b", nil, discard[clash]), registry.NewFactory("a", nil, discard[clashing]),
	} {
		if err := r.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	_, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: r})
	wantKinds(t, ds, config.ErrConflict)
}

func TestExporterCalledLikeAKey(t *testing.T) {
	t.Parallel()
	r := new(registry.Registry)
	if err := r.Register(registry.NewFactory("sampling", nil, discard[clash])); err != nil {
		t.Fatal(err)
	}
	_, ds := config.Diagnose(config.Sources{Environ: []string{}, Registry: r})
	wantKinds(t, ds, config.ErrConflict)
}

type clash struct {
	C string `koanf:"c" doc:"one"`
}

type clashing struct {
	BC string `koanf:"b_c" doc:"two"`
}

func discard[S any](context.Context, registry.BuildContext, S) (sdktrace.SpanExporter, error) {
	return tracetest.NewNoopExporter(), nil
}
