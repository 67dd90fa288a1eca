package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/registry"
)

// node is a part of a schema.
type node = map[string]any

// fileSchema returns the schema of the files that sources lead to.
func fileSchema(t *testing.T, sources config.Sources) node {
	t.Helper()
	var schema node
	if err := json.Unmarshal(config.Schema(sources), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// at returns the schema of a path in the section, with the keywords of the definition that it refers to.
func at(schema node, path string) node {
	found := definition(schema, "section")
	for name := range strings.SplitSeq(path, ".") {
		properties, _ := found["properties"].(node)
		if found, _ = properties[name].(node); found == nil {
			return nil
		}
		if ref, ok := found["$ref"].(string); ok {
			merged := definition(schema, strings.TrimPrefix(ref, "#/$defs/"))
			for keyword, value := range found {
				merged[keyword] = value
			}
			found = merged
		}
	}
	return found
}

// definition returns a copy of a definition.
func definition(schema node, name string) node {
	found := node{}
	for keyword, value := range schema["$defs"].(node)[name].(node) {
		found[keyword] = value
	}
	return found
}

// The schema has every key of the table by all of its names, with its documentation and default.
func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	schema := fileSchema(t, config.Sources{Registry: builtin})
	for _, k := range config.Table(builtin) {
		found := at(schema, k.Path)
		if found["description"] != k.Doc {
			t.Errorf("%s: description %v, want %q", k.Path, found["description"], k.Doc)
		}
		if found["deprecated"] != nil {
			t.Errorf("%s is deprecated", k.Path)
		}
		for _, alias := range k.Aliases {
			if found := at(schema, alias); found["deprecated"] != true || found["default"] != nil {
				t.Errorf("%s: %v, want a deprecated name without a default", alias, found)
			}
		}
	}
}

func TestSchemaOfAKey(t *testing.T) {
	t.Parallel()
	schema := fileSchema(t, config.Sources{Registry: builtin})
	for path, want := range map[string]node{
		"jaeger.thrift.agent_port": {"default": 6831.0, "minimum": 1.0, "maximum": 65535.0, "type": []any{"integer", "string", "null"}},
		"timeout":                  {"default": "10s", "minimum": 1e-9},
		"sampling.remote.interval": {"default": "1m0s", "minimum": 0.1, "maximum": 86400.0},
		"propagators":              {"default": []any{"tracecontext", "baggage"}},
		"sampling.rules":           {"maxItems": 64.0, "type": []any{"array", "null"}},
		"zipkin.headers":           {"default": nil, "type": []any{"object", "array", "string", "null"}},
		"stdout":                   {"deprecated": true},
	} {
		got := node{}
		for keyword := range want {
			got[keyword] = at(schema, path)[keyword]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// The schema of a program has the exporters that it links, and accepts the sections of spanroute's other ones.
func TestSchemaOfAPlugin(t *testing.T) {
	t.Parallel()
	schema := fileSchema(t, config.Sources{Registry: withPlugin(t)})
	if got := at(schema, "lines.path")["description"]; got != "file to append to" {
		t.Errorf("lines.path: description %v", got)
	}
	if got := at(schema, "jsonl")["deprecated"]; got != true {
		t.Error("the alias jsonl is missing")
	}
	if otlp := at(schema, "otlp"); otlp == nil || otlp["properties"] != nil {
		t.Errorf("otlp: %v, want any value", otlp)
	}
}

func TestSchemaOfAnotherSection(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]string{
		".": `{"$ref":"#/$defs/section"}`, "app.trace": `{"app":{"properties":{"trace":{"$ref":"#/$defs/section"}}}}`,
	} {
		schema := fileSchema(t, config.Sources{Registry: builtin, Section: section})
		got := schema["properties"]
		if section == "." {
			got = node{"$ref": schema["$ref"]}
		}
		if text, _ := json.Marshal(got); string(text) != want {
			t.Errorf("%s: %s, want %s", section, text, want)
		}
	}
}

// Two calls give the same text, whatever the order of maps.
func TestSchemaIsDeterministic(t *testing.T) {
	t.Parallel()
	first := string(config.Schema(config.Sources{Registry: builtin}))
	for range 10 {
		if diff := cmp.Diff(first, string(config.Schema(config.Sources{Registry: builtin}))); diff != "" {
			t.Fatalf("a second call differs:\n%s", diff)
		}
	}
	if empty := config.Schema(config.Sources{Registry: new(registry.Registry)}); !json.Valid(empty) {
		t.Error("the schema without exporters is not JSON")
	}
}
