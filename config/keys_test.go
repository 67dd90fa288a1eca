package config_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
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
	for _, k := range config.Table(kit) {
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
	for _, k := range config.Table(kit) {
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
			sources.Registry = kit
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
		return "7s", true
	}
	if len(k.Enum) > 0 {
		return k.Enum[0], k.Exporter == ""
	}
	return "", false
}
