package keytable_test

import (
	"path"
	"testing"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
)

func table() *keytable.Table {
	t := keytable.New([]settings.Key{
		{Path: "sample_rate", Type: settings.TypeFloat, Format: "rate"},
		{Path: "timeout", Type: settings.TypeDuration},
		{Path: "exporter_type", Type: settings.TypeList, Aliases: []string{"type"}},
		{Path: "batch.max_queue_size", Type: settings.TypeInt},
	}, func(name string) string {
		if name == "zipkin" {
			return "example.com/exporters/zipkin"
		}
		return ""
	})
	t.AddExporter(keytable.Exporter{Name: "jaeger", Aliases: []string{"uber"}, Keys: []settings.Key{
		{Path: "thrift.agent_host_name", Type: settings.TypeString, Aliases: []string{"address"}},
		{Path: "password", Type: settings.TypeString, Secret: true, With: "username"},
		{Path: "username", Type: settings.TypeString},
	}})
	return t
}

func TestKeysHaveTheirPathsFromTheSection(t *testing.T) {
	k, alias := table().Lookup("jaeger.address")
	if k == nil || !alias || k.Path != "jaeger.thrift.agent_host_name" || k.Local != "thrift.agent_host_name" || k.Exporter != "jaeger" {
		t.Fatalf("looked up %+v, alias %t", k, alias)
	}
	if k, alias := table().LookupEnv("JAEGER_ADDRESS"); k == nil || !alias {
		t.Errorf("the variable of an alias: %+v, alias %t", k, alias)
	}
	if k, alias := table().LookupFlag("tracing.jaeger.thrift.agent-host-name"); k == nil || alias {
		t.Errorf("a flag: %+v, alias %t", k, alias)
	}
	if k := table().Key("jaeger.password"); k == nil || k.With != "jaeger.username" {
		t.Errorf("a key that needs another: %+v", k)
	}
	if k := table().Key("jaeger.timeout"); k == nil || k.Overrides != "timeout" {
		t.Errorf("the timeout of an exporter: %+v", k)
	}
}

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		name, section, key string
		selected           []string
		want               string
	}{
		{"misspelt", "", "smaple_rate", nil, `did you mean "sample_rate"?`},
		{"another letter case", "", "Timeout", nil, `did you mean "timeout"?`},
		{"with dots", "", "batch.max_queue_size", nil, "nest it"},
		{"one word of a name", "jaeger", "host", nil, `did you mean "thrift.agent_host_name"?`},
		{"in another section", "", "max_queue_size", nil, "it belongs in batch.max_queue_size"},
		{"in a selected exporter", "", "password", []string{"jaeger"}, "it belongs in jaeger.password (exporter_type is jaeger)"},
		{"nothing near", "", "completely_different", nil, ""},
	} {
		if got := table().Suggest(tt.section, tt.key, tt.selected); got != tt.want {
			t.Errorf("%s: hint %q, want %q", tt.name, got, tt.want)
		}
	}
	if near, ok := table().SuggestEnv("TRACING_SAMPLE_RAT"); !ok || near != "SAMPLE_RATE" {
		t.Errorf("a variable with the name of the section: %q, %t", near, ok)
	}
	if near, ok := table().SuggestFlag("sample-rat"); !ok || near != "sample-rate" {
		t.Errorf("a flag: %q, %t", near, ok)
	}
}

func TestNamesThatAreTaken(t *testing.T) {
	for _, x := range []keytable.Exporter{
		{Name: "batch"}, {Name: "timeout"}, {Name: "x", Aliases: []string{"sample_rate"}},
		{Name: "x", Keys: []settings.Key{{Path: "timeout", Type: settings.TypeDuration}}},
	} {
		table := table()
		if table.AddExporter(x); len(table.Faults) != 1 {
			t.Errorf("%+v: faults %q, want one", x, table.Faults)
		}
	}
}

func TestUnlinkedExporters(t *testing.T) {
	if name, importPath := table().Unlinked("zipkin"); name != "zipkin" || path.Base(importPath) != "zipkin" {
		t.Errorf("unlinked %q of %q", name, importPath)
	}
	for _, name := range []string{"jaeger", "uber", "sample_rate"} {
		if got, _ := table().Unlinked(name); got != "" {
			t.Errorf("%s is unlinked", name)
		}
	}
}

func TestWordsOfLines(t *testing.T) {
	for line, want := range map[string]string{
		"  sample_rate: 1": "sample_rate", `  "timeout" = 5`: "timeout", "- type: x": "type", "sample_rates: 1": "", "x sample_rate": "",
	} {
		if got := table().KeyOf(line); got != want {
			t.Errorf("KeyOf(%q) = %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]bool{"pasword: x": true, "my_pw=x": true, "the api-key is x": true, "timeout: 5": false} {
		if got := table().MentionsSecret(line); got != want {
			t.Errorf("MentionsSecret(%q) = %t", line, got)
		}
	}
}

func TestHintsOfValues(t *testing.T) {
	k := table().Key("sample_rate")
	for _, tt := range []struct {
		text string
		kind settings.Kind
		want string
	}{
		{"50", settings.ErrOutOfRange, "1.0 is 100 %"},
		{"-1", settings.ErrOutOfRange, ""},
		{"5%", settings.ErrWrongType, "write the fraction"},
		{"5 [#default]_", settings.ErrWrongType, "remove the footnote mark"},
	} {
		fault := k.AddHint(tt.text, settings.Errorf(tt.kind, "invalid")).(*settings.Fault)
		if fault.Hint != tt.want {
			t.Errorf("%s: hint %q, want %q", tt.text, fault.Hint, tt.want)
		}
	}
}
