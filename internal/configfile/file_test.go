package configfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/internal/configfile"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
)

var keys = func() *keytable.Table {
	t := keytable.New([]settings.Key{
		{Path: "sample_rate", Type: settings.TypeFloat, Format: "rate"},
		{Path: "service_name", Type: settings.TypeString},
		{Path: "excluded_paths", Type: settings.TypeList},
		{Path: "resource_attributes", Type: settings.TypeMap},
	}, func(string) string { return "" })
	t.AddExporter(keytable.Exporter{Name: "jaeger", Keys: []settings.Key{{Path: "password", Type: settings.TypeString, Secret: true}}})
	return t
}()

// parse returns the entries and problems of a file as lines, and the values of secret variables.
func parse(text string, env map[string]string) (entries, problems, secrets []string) {
	file := configfile.Parse(configfile.Input{
		Data: []byte(text), Env: env, Table: keys,
		Report: func(p configfile.Problem) {
			message := p.Message
			if p.Err != nil {
				message = p.Err.Error()
			}
			problems = append(problems, fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, message))
		},
		Secret: func(value string) { secrets = append(secrets, value) },
	})
	for _, e := range file.Entries {
		entries = append(entries, fmt.Sprintf("%d:%d %s = %v", e.At.Line, e.At.Column, e.Key.Path, e.Value))
	}
	return entries, problems, secrets
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file        string
		entries, problems []string
	}{
		{"values by the types of their keys", "tracing:\n  sample_rate: 1\n  service_name: 'x'\n", []string{"2:16 sample_rate = 1", "3:17 service_name = x"}, nil},
		{"JSON", `{"tracing": {"sample_rate": 0.5}}`, []string{"1:29 sample_rate = 0.5"}, nil},
		{"a variable", "tracing: {sample_rate: '${RATE}'}", []string{"1:24 sample_rate = 0.25"}, []string{`1:24 "0.25" is quoted; write it plain`}},
		{"a problem does not stop the reading", "tracing:\n  sample_rate: x\n  excluded_paths: [/a]\n", []string{"3:19 excluded_paths = [/a]"},
			[]string{`2:16 "x" is not a number`}},
		{"not YAML", "tracing:\n\tsample_rate: 1\n", nil, []string{"2:1 tab in the indentation"}},
		{"an empty file", "", nil, []string{"1:1 no tracing settings found"}},
		{"two sections", "tracing: {sample_rate: 1}\napi_server: {tracing: {service_name: x}}\n",
			[]string{"1:24 sample_rate = 1", "2:38 service_name = x"}, []string{"2:14 duplicate section (the first is tracing)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, problems, _ := parse(tt.file, map[string]string{"RATE": "0.25"})
			if diff := cmp.Diff(tt.entries, entries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// The values of variables with the name of a secret are passed on before a problem can show them.
func TestSecretsOfVariables(t *testing.T) {
	t.Parallel()
	_, _, secrets := parse("tracing: {sample_rate: '${API_TOKEN}', service_name: '${HOST}'}", map[string]string{"API_TOKEN": "hunter2", "HOST": "visible"})
	if diff := cmp.Diff([]string{"hunter2"}, secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

// A line that belongs to a secret key is shown as its key only.
func TestTextHidesSecrets(t *testing.T) {
	t.Parallel()
	const file = "tracing:\n  jaeger:\n    password: |\n      hunter2\n      more\n  smaple_rate: 1\n"
	var text *configfile.Text
	configfile.Parse(configfile.Input{Data: []byte(file), Table: keys, Secret: func(string) {}, Report: func(p configfile.Problem) { text = p.At.Text }})
	if text == nil {
		t.Fatal("the misspelt key is not reported")
	}
	var shown []string
	for n := range 6 {
		line, _ := text.Show(n + 1)
		shown = append(shown, line)
	}
	want := "tracing:\n  jaeger:\n    password: ***\n      password: ***\n      password: ***\n  smaple_rate: 1"
	if got := strings.Join(shown, "\n"); got != want {
		t.Errorf("shown\n%s\nwant\n%s", got, want)
	}
}

// FuzzParse reads any bytes without a panic, and every problem is inside the file.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "tracing: {sample_rate: ${X}}", "{\"tracing\": {}}", "tracing:\n  - a", "\ufefftracing:\r\n\tx", "a: &a {b: *a}", "tracing: {jaeger: {password: [x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		count := strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") + strings.Count(text, "\u2028") + strings.Count(text, "\u2029") + 1
		configfile.Parse(configfile.Input{
			Data: []byte(text), Table: keys, Secret: func(string) {},
			Report: func(p configfile.Problem) {
				if p.At.Line > count || p.At.Column < 0 {
					t.Errorf("%d:%d of %q: %s", p.At.Line, p.At.Column, text, p.Message)
				}
			},
		})
	})
}
