package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

const secretFile = `exporter_type: [otlp, jaeger, zipkin]
sample_rate: 1
jaeger: {username: u, password: hunter2, collector_endpoint: "http://me:hunter2@h:14268/api/traces?token=hunter2"}
zipkin: {headers: {X-Key: hunter2}, endpoint: "https://h/x?api_key=hunter2"}
otlp:
  protocol: http
  endpoint: https://me:hunter2@h:4318/v1/traces
  http:
    headers: {Authorization: Bearer hunter2, Keep-Alive: hunter2}
sampling:
  force: {header: x-debug, secret: hunter2}
  remote: {headers: {x-key: hunter2}}
  rules:
    - {header: {authorization: Bearer hunter2}, drop: true}
    - {header: {authorization: Bearer hunter2}, keep: true}
`

// A secret is masked in everything that shows a configuration or its diagnostics.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	cfg, ds := check(t, section(secretFile), "OTEL_EXPORTER_OTLP_HEADERS=")
	if cfg == nil {
		t.Fatal(lines(ds))
	}
	var yaml, text strings.Builder
	if err := cfg.WriteYAML(&yaml, false); err != nil {
		t.Fatal(err)
	}
	if err := ds.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	diagnosed, err := json.Marshal(ds)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{
		"print": yaml.String(), "validate": text.String(), "validate JSON": string(diagnosed), "JSON": string(asJSON),
		"%v": fmt.Sprintf("%v", cfg), "%+v": fmt.Sprintf("%+v", *cfg), "%#v": fmt.Sprintf("%#v", cfg), "%#v of a value": fmt.Sprintf("%#v", *cfg),
		"%x %q":             fmt.Sprintf("%x %q %s", cfg, cfg, cfg),
		"%v of an exporter": fmt.Sprintf("%v %+v %#v", cfg.Exporters, cfg.Exporters["otlp"], cfg.Exporters["jaeger"]),
		"%v of force":       fmt.Sprintf("%v %+v %#v", cfg.Sampling.Force, cfg.Sampling.Force, cfg.Sampling.Force),
		"%v of sampling":    fmt.Sprintf("%v %+v", cfg.Sampling.Remote, cfg.Sampling.Remote),
	}
	for _, key := range cfg.Keys() {
		x, _ := cfg.Explain(key)
		shown["explain "+key] = x.String()
	}
	for where, text := range shown {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret shows in %s:\n%s", where, text)
		}
	}
	for _, where := range []string{"print", "JSON", "%#v"} {
		if !strings.Contains(shown[where], "***") {
			t.Errorf("%s has no ***:\n%s", where, shown[where])
		}
	}
	var open strings.Builder
	if err := cfg.WriteYAML(&open, true); err != nil {
		t.Fatal(err)
	}
	if strings.Count(open.String(), "hunter2") != 12 {
		t.Errorf("print --show-secrets hides some:\n%s", open.String())
	}
}

// Files that do not load show their lines too.
func TestExcerptsAreMasked(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"misspelt key":         "tracing:\n  jaeger:\n    pasword: hunter2\n",
		"misspelt section":     "tracing:\n  otpl: {http: {headers: {a: hunter2}}}\n",
		"header of a bad name": "tracing:\n  otlp: {http: {headers: {\"a b\": hunter2}}}\n",
		"header twice":         "tracing:\n  otlp: {http: {headers: {a: hunter2, A: hunter2}}}\n",
		"no pair":              "tracing:\n  otlp:\n    grpc:\n      headers:\n        - [\"authorization: hunter2\"]\n",
		"text of pairs":        "tracing:\n  otlp: {http: {headers: \"hunter2\"}}\n",
		"password a list":      "tracing:\n  jaeger: {password: [hunter2]}\n",
		"password a number":    "tracing:\n  jaeger:\n    username: u\n    password: 918273645\n",
		"bad URL":              "tracing:\n  exporter_type: zipkin\n  zipkin: {endpoint: \"http://me:hunter2@h:99999\"}\n",
		"conflict of URLs":     "tracing:\n  zipkin: {endpoint: \"http://me:hunter2@h\", url: \"http://me:hunter2@i\"}\n",
		"conflict of secrets":  "tracing: {jaeger: {password: hunter2}}\napi_server: {tracing: {jaeger: {password: hunter2b}}}\n",
		"no YAML":              "tracing:\n  otlp:\n    http:\n      headers:\n        x: hunter2\n       y: z: hunter2\n",
		"no YAML, one line":    "tracing: {otlp: {http: {headers: {a: hunter2}\n",
		"folded secret":        "tracing:\n  otlp: {http: {headers: {\n    a: \"one\n      hunter2\", A: 2}}}\n",
		"variable":             "tracing:\n  timeout: ${DB_PASSWORD}\n",
		"unlinked exporter":    "tracing:\n  unknown: {password: hunter2}\n",
		"anchored secret":      "tracing:\n  jaeger: {password: &p hunter2, usrname: *p}\n",
		"escapes in a secret":  "tracing:\n  jaeger: {password: \"a\\\"hunter2\", usrname: u}\n",
		"quotes in a secret":   "tracing:\n  jaeger: {password: 'a''hunter2', usrname: u}\n",
		"secret after secret":  "tracing:\n  otlp: {http: {headers: {a: \"b\\x41 hunter2\", c: hunter2}}, x: y}\n",
		"duplicate":            "tracing:\n  jaeger: {password: hunter2, password: hunter2}\n",
		"an alias":             "tracing:\n  jaeger:\n    password: *hunter2\n",
		"a tag":                "tracing:\n  jaeger:\n    password: !hunter2\n",
		"a tag and a value":    "tracing:\n  jaeger:\n    password: !hunter2 x\n",
		"a flow mapping":       "tracing:\n  jaeger: {password: {hunter2}}\n",
		"a set":                "tracing:\n  jaeger: {password: {hunter2, hunter2}}\n",
		"an anchor":            "tracing:\n  jaeger:\n    password: &hunter2\n    x: 1\n",
		"no space, a header":   "tracing:\n  otlp: {http: {headers: {authorization:hunter2}}}\n",
		"no space, in a text":  "tracing:\n  otlp: {http: {headers: \"authorization:hunter2\"}}\n",
		"spaces in a text":     "tracing:\n  otlp: {http: {headers: \"authorization Bearer hunter2==\"}}\n",
		"no space, a password": "tracing:\n  jaeger: {password:hunter2}\n",
		"no colon":             "tracing:\n  jaeger: {password hunter2}\n",
		"=":                    "tracing:\n  jaeger: {password=hunter2}\n",
		"a comma":              "tracing:\n  jaeger: {password: , hunter2}\n",
		"below its key":        "tracing:\n  jaeger:\n    password:\n  hunter2\n",
		"deep below headers":   "tracing:\n  otlp: {http: {headers: {a: {b: {c: !hunter2 d}}}}}\n",
		"a file of one line":   "password=hunter2\n",
		"a bad bracket":        "tracing: {jaeger: {password: [hunter2: x}}\n",
		"an anchor elsewhere":  "x: &a\n  y: hunter2\ntracing:\n  zipkin:\n    headers: *a\n    timeout: *a\n",
		"part of a variable":   "tracing:\n  smaple_rate: 1\n  jaeger: {username: u, password: \"pa${hunter2}\"}\n",
		"a URL on two lines":   "{tracing:\n  zipkin: {endpoint: \"http://u:hunter2\u0085@h/\"}\n}",
		"half a comment":       "# password: \"\n\thunter2\"\n---\n",
		"a secret of another":  "database: {password: hunter2}\ntracing: {smaple_rate: 1}\n",
		"a document beside":    "tracing:\n  smaple_rate: 1\n---\npassword: hunter2\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds := check(t, file, "DB_PASSWORD=hunter2")
			if len(ds.Errors()) == 0 {
				t.Fatal("no error to show")
			}
			var b strings.Builder
			if err := ds.WriteText(&b, false); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"hunter2", "918273645"} {
				if strings.Contains(b.String(), secret) {
					t.Errorf("a secret shows:\n%s", b.String())
				}
			}
		})
	}
}

// A secret can be in a value that is not one: by a variable, by the name of a pair, in a text.
func TestSecretsOutsideOfSecretKeys(t *testing.T) {
	t.Parallel()
	const loads = "tracing:\n  exporter_type: [otlp, zipkin]\n  otlp: {protocol: http}\n"
	tests := []struct {
		name, file string
		loads      bool
	}{
		{"a variable in a text", loads + "  service_name: ${API_TOKEN}\n", true},
		{"a variable behind another", loads + "  service_name: ${PLAIN}-${API_TOKEN}\n", true},
		{"a variable in a list", loads + "  excluded_paths: [\"/${API_TOKEN}\"]\n", true},
		{"a variable in a pair", loads + "  resource_attributes: {x: \"${API_TOKEN}\"}\n", true},
		{"a variable in an endpoint", loads + "  zipkin: {endpoint: \"http://h/${API_TOKEN}/spans\"}\n", true},
		{"a default of a variable", loads + "  service_name: ${NO_TOKEN:-hunter2}\n", true},
		{"the name of a pair", loads + "  resource_attributes: {db.password: hunter2}\n", true},
		{"the name of a pair in a text", loads + "  resource_attributes: \"a=1,api_key2=hunter2\"\n", true},
		{"a text that assigns", loads + "  resource_attributes: {x: \"a=1 password=hunter2\"}\n", true},
		{"a query in a pattern", loads + "  excluded_paths: \"/x?token=hunter2\"\n", true},
		{"a URL in a list", loads + "  excluded_urls: [\"https://u:hunter2@h/\"]\n", true},
		{"a default of the wrong type", "tracing:\n  timeout: ${NO_TOKEN:-hunter2}\n", false},
		{"a variable behind another, of the wrong type", "tracing:\n  timeout: ${PLAIN}${API_TOKEN}\n", false},
		{"an unknown value that assigns", "tracing:\n  exporter_type: password=hunter2\n", false},
		{"a query in a bad pattern", "tracing:\n  excluded_urls: [\"/x?token=hunter2(\"]\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, ds := config.DiagnoseBytes(config.Sources{Environ: []string{"API_TOKEN=hunter2", "PLAIN=plain"}, Registry: builtin}, []byte(tt.file))
			if (cfg != nil) != tt.loads {
				t.Fatalf("loads = %t, want %t: %v", cfg != nil, tt.loads, ds)
			}
			for what, text := range shownOf(t, cfg, ds) {
				if strings.Contains(text, "hunter2") {
					t.Errorf("%s shows the secret:\n%s", what, text)
				}
			}
			if cfg == nil {
				return
			}
			var open strings.Builder
			if err := cfg.WriteYAML(&open, true); err != nil || !strings.Contains(open.String(), "hunter2") {
				t.Errorf("print --show-secrets hides it, error %v:\n%s", err, open.String())
			}
		})
	}
}

func TestFilesAreNamedWithoutUserInformation(t *testing.T) {
	t.Parallel()
	_, ds := config.Diagnose(config.Sources{Files: []string{"http://u:hunter2@h/tracing.yaml"}, Environ: []string{}, Registry: builtin})
	if text := ds.Error() + rendered(ds); len(ds) == 0 || strings.Contains(text, "hunter2") {
		t.Errorf("diagnostics %s", text)
	}
}

func TestExcerptPoints(t *testing.T) {
	t.Parallel()
	_, ds := check(t, "tracing:\n\n\n  smaple_rate: 1.0\n")
	var b strings.Builder
	if err := ds.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	want := `error[unknown_key]: tracing.smaple_rate: unknown key; did you mean "sample_rate"?
  --> ` + ds[0].Origin.Name + `:4:3
   4 |   smaple_rate: 1.0
     |   ^^^^^^^^^^^
`
	if b.String() != want {
		t.Errorf("rendered\n%swant\n%s", b.String(), want)
	}
	if !strings.HasPrefix(color(ds), "\x1b[1;31merror[unknown_key]\x1b[0m: ") {
		t.Errorf("no colour in %q", color(ds))
	}
}

// A line with a secret is not shown, whatever else is on it; the address has the column.
func TestExcerptsOfLinesWithSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, want string }{
		{"a mistake beside a secret", "tracing: {otlp: {http: {headers: {a: 'hunter2'}}}, smaple_rate: 1}\n", ":1:52\n   1 | headers: ***\n"},
		{"a secret of the wrong type", "tracing:\n  jaeger:\n    password: [hunter2]\n", ":3:15\n   3 |     password: ***\n"},
		{"a line inside a secret", "tracing:\n  zipkin:\n    headers:\n      a: {b: hunter2}\n", ":4:7\n   4 |       headers: ***\n"},
		{"a line after a secret", "tracing:\n  zipkin:\n    headers:\n      a: |\n        hunter2\n    x: 1\n", ":6:5\n   6 |     x: 1\n     |     ^\n"},
		{"a list after a secret", "tracing:\n  jaeger: {password: a}\n  excluded_urls:\n  - {}\n", ":4:5\n   4 |   - {}\n     |     ^\n"},
		{"a comment with a secret", "# password: hunter2\n", ":1:1\n   1 | # ***\n"},
		{"a secret in a comment", "tracing:\n  smaple_rate: 1 # token: hunter2\n", ":2:3\n   2 |   smaple_rate: 1 # ***\n     |   ^^^^^^^^^^^\n"},
		{"not YAML, a secret", "tracing:\n  jaeger:\n    password: @hunter2\n", "   3 |     password: ***\n"},
		{"not YAML, a line after a secret", "tracing:\n  jaeger:\n    password: hunter2\n  timeout: 5\n   batch: {}\n", ":5:4\n   5 |    batch: {}\n     |    ^\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, ds := check(t, tt.file)
			if text := rendered(ds); !strings.Contains(text, tt.want) || strings.Contains(text, "hunter2") {
				t.Errorf("rendered\n%swant %s", text, tt.want)
			}
		})
	}
}

func rendered(ds config.Diagnostics) string {
	var b strings.Builder
	_ = ds.WriteText(&b, false)
	return b.String()
}

func color(ds config.Diagnostics) string {
	var b strings.Builder
	_ = ds.WriteText(&b, true)
	return b.String()
}

// Secrets in places that are not meant for secrets.
func TestSecretsOutOfPlace(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"URL for a number":     "tracing:\n  zipkin: {local_node_port: \"http://u:hunter2@h/\"}\n",
		"URL for a duration":   "tracing:\n  timeout: \"http://u:hunter2@h/\"\n",
		"URL for a value":      "tracing:\n  otlp: {protocol: \"http://u:hunter2@h/\"}\n",
		"URL in a pattern":     "tracing:\n  excluded_urls: [\"http://u:hunter2@h/(\"]\n",
		"URL for a file":       "tracing:\n  exporter_type: otlp\n  otlp: {endpoint: \"https://h\", grpc: {certificate_file: \"http://u:hunter2@h\"}}\n",
		"URL without scheme":   "tracing:\n  exporter_type: zipkin\n  zipkin: {endpoint: \"//u:hunter2@h/\"}\n",
		"variable in a list":   "tracing:\n  propagators: [\"${MY_TOKEN}\"]\n",
		"variable in a text":   "tracing:\n  propagators: \"${MY_TOKEN}\"\n",
		"variable, a pattern":  "tracing:\n  excluded_paths: [\"${MY_TOKEN}\"]\n",
		"variable, an address": "tracing:\n  zipkin: {local_node_ipv4: \"${MY_TOKEN}\"}\n",
		"tab in indentation":   "tracing:\n  otlp:\n    http:\n      headers:\n\t  a: hunter2\n",
		"no variable":          "tracing:\n  otlp: {http: {headers: {a: \"${a hunter2}\"}}}\n",
		"another name":         "tracing:\n  jaeger: {PW: hunter2}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds := check(t, file, "MY_TOKEN=hunter2")
			if len(ds.Errors()) == 0 {
				t.Fatal("no error to show")
			}
			var b strings.Builder
			if err := ds.WriteText(&b, false); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "hunter2") {
				t.Errorf("a secret shows:\n%s", b.String())
			}
		})
	}
	t.Run("print and explain", func(t *testing.T) {
		t.Parallel()
		cfg, ds := check(t, section("service_name: \"http://u:hunter2@h/\"\nresource_attributes: {a: \"http://u:hunter2@h/\"}\nexporter_type: zipkin\nzipkin: {endpoint: \"http://h/${MY_TOKEN}\"}\nsample_rate: 1"), "MY_TOKEN=hunter2x")
		wantKinds(t, ds)
		shown := fmt.Sprintf("%v %#v", cfg, *cfg)
		for _, key := range []string{"service_name", "resource_attributes"} {
			x, _ := cfg.Explain(key)
			shown += x.String()
		}
		if strings.Contains(shown, "hunter2@") {
			t.Errorf("a secret shows:\n%s", shown)
		}
		if x, _ := cfg.Explain("zipkin.endpoint"); strings.Contains(x.String(), "hunter2x") {
			t.Errorf("a secret shows:\n%s", x)
		}
		var open strings.Builder
		if err := cfg.WriteYAML(&open, true); err != nil || strings.Count(open.String(), "u:hunter2@h") != 2 {
			t.Errorf("--show-secrets hides some:\n%s", open.String())
		}
	})
}
