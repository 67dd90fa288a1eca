package cli_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/cli"
	_ "github.com/spanroute/spanroute/exporters/all"
	"github.com/spanroute/spanroute/internal/corpus"
	"github.com/spanroute/spanroute/internal/goldentext"
	_ "github.com/spanroute/spanroute/registry/propagators/all"
)

// The exit codes.
const (
	exitOK       = 0
	exitProblems = 1
	exitUsage    = 2
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// spanroute runs one command line in this process.
func spanroute(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	program := cli.Program{Stdout: &out, Stderr: &errs, Environ: append([]string{}, environ...)}
	code = program.Run(t.Context(), args)
	return code, out.String(), errs.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	corpus.Add(t, text)
	path := filepath.Join(t.TempDir(), "tracing.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	good    = "tracing:\n  exporter_type: otlp\n  sample_rate: 1\n  otlp:\n    grpc: {headers: {a: hunter2}}\n"
	warned  = "tracing:\n  exporter_type: zipkin\n"
	mistake = "tracing:\n  exporter_type: zipkn\n  smaple_rate: 1.0\n"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	var texts goldentext.Rows
	for _, tt := range []struct {
		name string
		args []string
		file string
		code int
		want string // in standard output; standard error is in the golden file
	}{
		{"validate a good file", []string{"validate"}, good, exitOK, ""},
		{"validate mistakes", []string{"validate"}, mistake, exitProblems, ""},
		{"validate warnings", []string{"validate"}, warned, exitOK, ""},
		{"validate warnings strictly", []string{"validate", "--strict"}, warned, exitProblems, ""},
		{"validate an unknown format", []string{"validate", "--format", "xml"}, good, exitUsage, ""},
		{"validate a missing file", []string{"validate", "/nowhere/x.yaml"}, "", exitProblems, ""},
		{"validate nothing", []string{"validate"}, "", exitOK, ""},
		{"validate propagators", []string{"validate"}, "tracing: {propagators: [b3, jaegr, company]}\n", exitProblems, ""},
		{"print mistakes", []string{"print"}, mistake, exitProblems, ""},
		{"print propagators", []string{"print", "--tracing.propagators=B3,tracecontext"}, good, exitOK, "propagators: [b3, tracecontext]\n"},
		{"explain propagators", []string{"explain", "--tracing.propagators=jaeger", "propagators"}, good, exitOK, "propagators = jaeger\n  from  --tracing.propagators\n"},
		{"explain mistakes", []string{"explain", "sample_rate"}, mistake, exitProblems, ""},
		{"explain a variable", []string{"explain", "SPANROUTE_SAMPLE_RATE"}, good, exitUsage, ""},
		{"explain an OTEL_ variable", []string{"explain", "OTEL_TRACES_EXPORTER"}, good, exitUsage, ""},
		{"explain an unknown key", []string{"explain", "smaple_rate"}, good, exitUsage, ""},
		{"exporters", []string{"exporters"}, "", exitOK, "console (stdout)"},
		{"an exporter", []string{"exporters", "zipkin"}, "", exitOK, "OTEL_EXPORTER_ZIPKIN_ENDPOINT"},
		{"an unknown exporter", []string{"exporters", "zipkn"}, "", exitUsage, ""},
		{"schema", []string{"schema"}, "", exitOK, "https://json-schema.org/draft/2020-12/schema"},
		{"schema of a file", []string{"schema"}, good, exitUsage, ""},
		{"schema into a directory that does not exist", []string{"schema", "--out", "/nowhere/schema.json"}, "", exitProblems, ""},
		{"init without an exporter", []string{"init"}, "", exitUsage, ""},
		{"init with two exporters", []string{"init", "otlp", "jaeger"}, "", exitUsage, ""},
		{"init with a misspelt exporter", []string{"init", "jeager"}, "", exitUsage, ""},
		{"init with another name", []string{"init", "datadog"}, "", exitUsage, ""},
		{"init into a directory that does not exist", []string{"init", "otlp", "-o", "/nowhere/tracing.yaml"}, "", exitProblems, ""},
		{"no command", nil, "", exitUsage, ""},
		{"an unknown command", []string{"valdate"}, "", exitUsage, ""},
		{"a command without a near name", []string{"frobnicate"}, "", exitUsage, ""},
		{"an unknown flag", []string{"validate", "--nonsense"}, "", exitUsage, ""},
		{"a misspelt flag of a key", []string{"validate", "--tracing.sampel-rate=1"}, "", exitUsage, ""},
		{"a misspelt flag of a key, with _", []string{"validate", "-tracing.sampel_rate", "1"}, "", exitUsage, ""},
		{"a misspelt flag of a command", []string{"validate", "--formt=json"}, "", exitUsage, ""},
		{"a flag of a key without tracing.", []string{"validate", "--sample_rate", "1"}, "", exitUsage, ""},
		{"a misspelt flag of a key without tracing.", []string{"validate", "--exporter-typ=otlp"}, "", exitUsage, ""},
		{"a flag without a value", []string{"validate", "--format"}, "", exitUsage, ""},
		{"help", []string{"--help"}, "", exitOK, "Exit codes: 0 OK"},
		{"help of a command", []string{"validate", "-h"}, "", exitOK, "--strict"},
		{"version", []string{"version"}, "", exitOK, "spanroute 0."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args, file := tt.args, ""
			if tt.file != "" {
				file = write(t, tt.file)
				args = append(args[:len(args):len(args)], file)
			}
			code, stdout, stderr := spanroute(t, nil, args...)
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
			if !strings.Contains(stdout, tt.want) {
				t.Errorf("printed\n%s\nwant %s", stdout, tt.want)
			}
			if stderr != "" {
				texts.Add(tt.name, strings.ReplaceAll(stderr, cmp.Or(file, "no file"), "FILE"))
			}
		})
	}
	texts.Check(t)
}

func TestValidateAsJSON(t *testing.T) {
	t.Parallel()
	path := write(t, mistake)
	code, stdout, _ := spanroute(t, nil, "validate", path, "--format=json")
	var got []struct {
		Kind, Severity, Key, File, Message, Hint string
		Line, Column                             int
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if code != exitProblems || len(got) != 2 {
		t.Fatalf("exit %d with %v, want 1 with two", code, got)
	}
	second := got[1]
	if second.Kind != "unknown_key" || second.File != path || second.Line != 3 || second.Column != 3 || second.Hint != `did you mean "sample_rate"?` || second.Severity != "error" {
		t.Errorf("second %+v", second)
	}
	if _, stdout, _ := spanroute(t, nil, "validate", "--format=json", write(t, good)); strings.TrimSpace(stdout) != "[]" {
		t.Errorf("a good file gives %s, want []", stdout)
	}
}

func TestPrintTwice(t *testing.T) {
	t.Parallel()
	code, first, stderr := spanroute(t, nil, "print", "--show-secrets", write(t, good))
	if code != exitOK || !strings.Contains(first, "hunter2") {
		t.Fatalf("exit %d, printed %s%s", code, first, stderr)
	}
	if _, second, _ := spanroute(t, nil, "print", "--show-secrets", write(t, first)); second != first {
		t.Errorf("printed\n%s\nthen\n%s", first, second)
	}
	if _, masked, _ := spanroute(t, nil, "print", write(t, good)); strings.Contains(masked, "hunter2") || !strings.Contains(masked, "a: '***'") {
		t.Errorf("printed\n%s", masked)
	}
}

// A file in the working directory has a name without a slash.
func TestExplainWithoutKey(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.yaml", "a.YML", "a.json"} {
		if err := os.WriteFile(name, []byte(`{"tracing": {"sample_rate": 0.25}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := spanroute(t, nil, "explain", name); code != exitOK || !strings.Contains(stdout, "sample_rate = 0.25\n") {
			t.Errorf("explain %s: exit code %d, printed\n%s%s", name, code, stdout, stderr)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	path := write(t, "tracing:\n  exporter_type: otlp\n  sample_rate: 1\n  otlp:\n    endpoint: http://localhost:4317\n")
	environ := []string{
		"SPANROUTE_OTLP_ENDPOINT=https://otel.example.com:4317", "OTEL_EXPORTER_OTLP_ENDPOINT=http://agent:4317",
		"OTEL_BSP_SCHEDULE_DELAY=5s",
	}
	_, got, _ := spanroute(t, environ, "explain", "otlp.endpoint", path)
	want := `otlp.endpoint = https://otel.example.com:4317
  from  SPANROUTE_OTLP_ENDPOINT
  hides OTEL_EXPORTER_OTLP_ENDPOINT = http://agent:4317
  hides ` + path + `:5:15 = http://localhost:4317
`
	if got != want {
		t.Errorf("explained\n%swant\n%s", got, want)
	}
	_, got, _ = spanroute(t, environ, "explain", path, "--tracing.timeout=3")
	for _, want := range []string{
		"exporter_type = otlp\n  from  " + path + ":2:18\n", "timeout = 3s\n  from  --tracing.timeout\n",
		`OTEL_BSP_SCHEDULE_DELAY: batch.schedule_delay: "5s" is not a number of milliseconds; ignored`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("explained\n%swant %s", got, want)
		}
	}
}

func TestExplainShowsTheSamplingServer(t *testing.T) {
	t.Parallel()
	path := write(t, "tracing: {sampling: {sampler: jaeger_remote, remote: {endpoint: 'http://u:hunter2@h'}}}\n")
	_, got, _ := spanroute(t, nil, "explain", path)
	want := "sample_rate = the strategy of the server, 0.001 until it responds\n  from  remote http://***@h/sampling\n"
	if !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
		t.Errorf("explained\n%swant\n%s", got, want)
	}
}

// The files are the arguments, otherwise --config, otherwise SPANROUTE_CONFIG.
func TestFilesOfCommands(t *testing.T) {
	t.Parallel()
	three, four, five := write(t, "tracing: {timeout: 3}"), write(t, "tracing: {timeout: 4}"), write(t, "tracing: {timeout: 5}")
	environ := []string{"SPANROUTE_CONFIG=" + five}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"argument", []string{"--config", four, three}, "3s"},
		{"two arguments", []string{three, four}, "4s"},
		{"flag", []string{"--config", four}, "4s"},
		{"variable", nil, "5s"},
	} {
		_, got, stderr := spanroute(t, environ, append([]string{"explain", "timeout"}, tt.args...)...)
		if !strings.HasPrefix(got, "timeout = "+tt.want) {
			t.Errorf("%s: explained %s%s, want %s", tt.name, got, stderr, tt.want)
		}
	}
}

func TestColour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cli.Program{Stdout: &out, Stderr: &out, Environ: []string{}, Color: true}.Run(t.Context(), []string{"validate", write(t, mistake)})
	if !strings.Contains(out.String(), "\x1b[") {
		t.Errorf("no colour in %q", out.String())
	}
}

func TestKeysPageIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../config/KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := spanroute(t, nil, "exporters", "--markdown")
	if got != string(want) {
		t.Error("config/KEYS.md differs from the struct tags; run go generate ./cmd/spanroute")
	}
}

func TestSchemaFileIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../config/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "schema.json")
	if code, _, stderr := spanroute(t, nil, "schema", "--out", out); code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("config/schema.json differs from the struct tags; run go generate ./cmd/spanroute (%v)", err)
	}
}

// The output of print, in either format, loads to the same configuration.
func TestPrintLoadsBack(t *testing.T) {
	t.Parallel()
	file := write(t, "tracing:\n  exporter_type: otlp, zipkin\n  sample_rate: 0.25\n  service_name: a$${b}\n  excluded_urls: ['x{1,3}']\n"+
		"  resource_attributes: {k: '1'}\n  otlp: {protocol: http, http: {headers: {X-A: s3cret}}}\n")
	code, yaml, stderr := spanroute(t, nil, "print", "--show-secrets", file)
	if code != exitOK {
		t.Fatal(stderr)
	}
	for _, format := range []string{"yaml", "json"} {
		_, printed, _ := spanroute(t, nil, "print", "--show-secrets", "--format", format, file)
		_, again, stderr := spanroute(t, nil, "print", "--show-secrets", write(t, printed))
		if again != yaml {
			t.Errorf("%s loads back to\n%s\nwant\n%s\n%s", format, again, yaml, stderr)
		}
		if _, masked, _ := spanroute(t, nil, "print", "--format", format, file); strings.Contains(masked, "s3cret") || !strings.Contains(masked, "***") {
			t.Errorf("%s shows a secret:\n%s", format, masked)
		}
	}
	if code, _, stderr := spanroute(t, nil, "print", "--format", "toml", file); code != exitUsage || !strings.Contains(stderr, "yaml or json") {
		t.Errorf("an unknown format: %d %s", code, stderr)
	}
}

func TestDiagnosticsGoToStandardError(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := spanroute(t, nil, "validate", write(t, mistake))
	if code != exitProblems || stdout != "" || !strings.Contains(stderr, "did you mean") {
		t.Errorf("validate: %d, standard output %q, standard error %q", code, stdout, stderr)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"underscores in the name", []string{"service_name", "--tracing.service_name=a_b"}, "service_name = a_b\n  from  --tracing.service-name\n"},
		{"before the argument, with a separate value", []string{"--tracing.service_name", "a_b", "service_name"}, "service_name = a_b\n  from  --tracing.service-name\n"},
		{"one dash", []string{"-tracing.service_name=a_b", "service_name"}, "service_name = a_b\n  from  --tracing.service-name\n"},
		{"a value that begins with a dash", []string{"--tracing.service-name", "-ab", "service_name"}, "service_name = -ab\n  from  --tracing.service-name\n"},
		{"a bool without a value", []string{"--tracing.enabled", "enabled"}, "enabled = true\n  from  --tracing.enabled\n"},
		{"a bool with a value", []string{"--tracing.enabled=false", "enabled"}, "enabled = false\n  from  --tracing.enabled\n"},
		{"twice, the last one applies", []string{"--tracing.timeout=1", "--tracing.timeout=2", "timeout"}, "timeout = 2s\n  from  --tracing.timeout\n"},
		{"an end of the flags", []string{"--tracing.timeout=2", "--", "timeout"}, "timeout = 2s\n  from  --tracing.timeout\n"},
	} {
		code, stdout, stderr := spanroute(t, nil, append([]string{"explain"}, tt.args...)...)
		if code != exitOK || stdout != tt.want {
			t.Errorf("%s: printed %q, %d, %s, want %q", tt.name, stdout, code, stderr, tt.want)
		}
	}
}
