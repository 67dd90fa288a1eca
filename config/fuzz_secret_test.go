package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/config"
)

// sentinel is a secret that occurs nowhere else.
const sentinel = "s3nt1n3l"

// secretPlaces are sections, with %s for the secret: block or flow style, keys of the table and others.
var secretPlaces = []string{
	"tracing:\n  exporter_type: jaeger\n  sample_rate: 1\n  jaeger:\n    username: u\n    password: %s\n",
	"tracing:\n  jaeger: {username: u, password: %s}\n",
	"tracing:\n  jaeger: {username: u, password:%s}\n",
	"tracing:\n  jaeger:\n    password:%s\n    username: u\n",
	"tracing:\n  jaeger:\n    pasword: %s\n",
	"tracing:\n  otlp:\n    http:\n      headers:\n        authorization: %s\n    endpoint: x\n",
	"tracing:\n  otlp: {http: {headers: {authorization: %s}}}\n",
	"tracing:\n  otlp: {http: {headers: {authorization:%s}}}\n",
	"tracing:\n  otlp: {grpc: {headers: [[authorization, %s]]}}\n",
	"tracing:\n  otlp: {grpc: {headers: {a: {b: {c: %s}}}}}\n",
	"tracing:\n  otlp:\n    grpc:\n      headers:\n        - [authorization, %s]\n",
	"tracing:\n  zipkin: {headers: \"authorization=%s\"}\n",
	"api_server:\n  tracing:\n    otlp:\n      api_key: %s\n",
	"tracing:\n  credentials:\n    deep:\n      - deeper: %s\n",
	"app:\n  database:\n    password: %s\ntracing:\n  sample_rate: 1\n",
	"{\"tracing\": {\"jaeger\": {\"username\": \"u\", \"password\": \"%s\"}}}\n",
	"tracing:\n  zipkin: {endpoint: \"http://u:%s@h/\"}\n",
	"tracing:\n  service_name: ${DB_PASSWORD}\n  timeout: ${DB_PASSWORD}\n  jaeger: {password: %s}\n",
}

// secretForms are what YAML can make of a value, with %s for the secret.
var secretForms = []string{
	"%s", "*%s", "!%s", "!%s x", "!!%s x", "&%s", "&%s x", "&a %s", "!t %s", "{%s}", "{%s: }", "{%s, %s}", "[%s]", "[%s, %s]", "{%s: {", "[%s",
	"\"%s\"", "'%s'", "\"%s", "'%s", "\"a\\\"%s\"", "'a''%s'", "%s: x", "x: %s", "- %s", "? %s", "@%s", "`%s`", "%%%s", "%s%%zz", "#%s", " %s", "\t%s",
	"|\n          %s\n", ">-\n          a\n          %s\n", "a\n          %s\n", "\n          %s", "\n  %s", "\n%s", "\n\t%s",
	"a%s:4317", "http://u:%s@h", "pa${%s}", "pa${%s", "${X:-%s}", "$${%s}", "5 %s", "%s\u0085", "%s\x00", "%s\xff", "true %s", "~ %s", "<<: %s",
}

// place puts a secret into a file by numbers.
func place(where, form uint8) string {
	value := strings.ReplaceAll(secretForms[int(form)%len(secretForms)], "%s", sentinel)
	return strings.ReplaceAll(secretPlaces[int(where)%len(secretPlaces)], "%s", strings.ReplaceAll(value, "%%", "%"))
}

// fragments are put before and after the section. They are what begins, continues and ends things in YAML, in files that
// are YAML and in files that are not.
var fragments = []string{
	"", "\n", " ", "  ", "    ", "\t", "\r\n", "\ufeff", "\u00a0", "\u0085", "{", "}", "[", "]", "\"", "'", ",", ":", ": ", "- ", "? ", "#", "# a\n", "|\n", ">\n", "&a ",
	"*a", "!t ", "@", "=", "${", "x: ", "x: 1\n", "- x\n", "---\n", "...\n", "%YAML 1.1\n", "<<: *a\n", "tracing:", "tracing:\n", "tracing: {", "tracing: {sample_rate: 2}\n",
	"[tracing]\n", "  sample_rate:1\n", "  sample_rate: 1\n", "   timeout: 5\n", "  smaple_rate: 1\n", "timeout: 5\n", "    password: x\n", "  password:\n", "jaeger: ", "  jaeger:\n",
	"headers: ", "  headers: {", "token: ", "b: *a\n", "http://h/", "//", "file_format: x\n", "receivers: {}\nservice: {}\n", "service_name: \"", "excluded_urls: [", "{{ .x }}", "<<<<<<< ",
}

// around makes a text of at most eight fragments from the bytes of a number.
func around(seed uint64) string {
	var b strings.Builder
	for ; seed > 0; seed >>= 8 {
		b.WriteString(fragments[int(seed&0xff)%len(fragments)])
	}
	return b.String()
}

// FuzzLoadShowsNoSecret puts a secret into a file in every syntactic form, and other text before and after the section:
// the secret is in nothing that a diagnostic or a configuration shows. The arguments are numbers because go test
// minimizes texts, which takes a minute for each that reaches new code.
func FuzzLoadShowsNoSecret(f *testing.F) {
	for form := range secretForms {
		f.Add(uint8(form), uint8(form), uint64(0), uint64(0))
	}
	for i := range fragments {
		f.Add(uint8(i), uint8(i+1), uint64(i), uint64(0))
		f.Add(uint8(i+2), uint8(i), uint64(0), uint64(i))
	}
	f.Fuzz(func(t *testing.T, where, form uint8, before, after uint64) {
		file := around(before) + place(where, form) + around(after)
		if swallowed(file) {
			return
		}
		showsNoSecret(t, file)
	})
}

// TestSecretsInEveryForm puts a secret into each place in each form.
func TestSecretsInEveryForm(t *testing.T) {
	t.Parallel()
	for where := range secretPlaces {
		for form := range secretForms {
			showsNoSecret(t, place(uint8(where), uint8(form)))
		}
	}
}

func showsNoSecret(t *testing.T, file string) {
	t.Helper()
	cfg, ds := config.DiagnoseBytes(config.Sources{Environ: []string{"DB_PASSWORD=" + sentinel, "X=1"}, Registry: builtin}, []byte(file))
	for what, text := range shownOf(t, cfg, ds) {
		if strings.Contains(text, sentinel) {
			t.Errorf("%s shows the secret of\n%q\n%s", what, file, text)
		}
	}
}

// swallowed reports whether a text around the section made the section, or a part of it, the text of another key, which
// is then not a secret.
func swallowed(file string) bool {
	var doc yaml.Node
	if strings.Contains(file, "\x00") || yaml.Unmarshal([]byte(file), &doc) != nil {
		return false
	}
	return swallows(&doc, "")
}

func swallows(n *yaml.Node, key string) bool {
	for i, child := range n.Content {
		below := key
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			below = key + "." + n.Content[i-1].Value
		}
		if swallows(child, below) {
			return true
		}
	}
	for _, word := range []string{"pasword", "password", "authorization", "api_key", "credentials", "headers", "endpoint", "a: "} {
		if strings.Contains(key, word) {
			return false
		}
	}
	return n.Kind == yaml.ScalarNode && strings.Contains(n.Value, sentinel) && !strings.HasPrefix(n.Value, "password:") && !strings.HasPrefix(n.Value, "authorization:")
}

// shownOf lists everything that shows diagnostics or a configuration.
func shownOf(t *testing.T, cfg *config.Config, ds config.Diagnostics) map[string]string {
	t.Helper()
	asJSON, err := json.Marshal(ds)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{
		"text": rendered(ds), "JSON": string(asJSON), "Error": ds.Error(), "%v": fmt.Sprintf("%v %+v %#v", ds, ds, ds),
	}
	if cfg == nil {
		return shown
	}
	var asYAML, configJSON strings.Builder
	if err := cfg.WriteYAML(&asYAML, false); err != nil {
		t.Fatal(err)
	}
	if err := cfg.WriteJSON(&configJSON, false); err != nil {
		t.Fatal(err)
	}
	shown["print"], shown["print JSON"] = asYAML.String(), configJSON.String()
	shown["%v of Config"] = fmt.Sprintf("%v %#v %+v", cfg, *cfg, cfg.Exporters)
	for _, key := range cfg.Keys() {
		x, _ := cfg.Explain(key)
		shown["explain"] += x.String()
	}
	return shown
}
