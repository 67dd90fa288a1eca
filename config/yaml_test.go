package config_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

func TestYAML(t *testing.T) {
	runAll(t, []situation{
		{name: "tab in indentation", raw: "tracing:\n  jaeger:\n \tprotocol: grpc\n", kinds: only(config.ErrSyntax)},
		{name: "tab after a colon", raw: "tracing:\n  sample_rate:\t0.5\n", want: values{"sample_rate": "0.5"}},
		{name: "byte order mark", raw: "\ufefftracing: {sample_rate: 2}\n", kinds: only(config.ErrOutOfRange), at: []string{"tracing.yaml:1:24:"}},
		{name: "UTF-16", raw: "\xff\xfet\x00r\x00", kinds: only(config.ErrEncoding)},
		{name: "UTF-16 without mark", raw: "t\x00r\x00a\x00c\x00", kinds: only(config.ErrEncoding)},
		{name: "Latin-1 in a comment", raw: "a: 1\n# caf\xe9\ntracing: {}\n", kinds: only(config.ErrEncoding), at: []string{"tracing.yaml:2:6:"}},
		{name: "NUL", raw: "tracing:\n  a\x00b: 1\n", kinds: only(config.ErrEncoding), at: []string{"tracing.yaml:2:4:"}},
		{
			name: "anchors and merges", raw: "base: &base {sample_rate: 0.5, timeout: 3}\ntracing:\n  <<: *base\n  timeout: 4\n",
			want: values{"sample_rate": "0.5", "timeout": "4s"},
		},
		{name: "CRLF", raw: "tracing:\r\n  sample_rate: 0.5\r\n  timeout: 4\r\n", want: values{"sample_rate": "0.5", "timeout": "4s"}},
		{name: "no final newline", raw: "tracing:\n  sample_rate: 0.5", want: values{"sample_rate": "0.5"}},
		{name: "two documents", raw: "tracing: {sample_rate: 1}\n---\ntracing: {}\n", kinds: only(config.ErrSyntax)},
		{name: "root list", raw: "- tracing\n", kinds: only(config.ErrWrongType)},
		{name: "root scalar", raw: "tracing\n", kinds: only(config.ErrWrongType)},
		{name: "section is a list", raw: "tracing: [a]\n", kinds: only(config.ErrWrongType)},
		{name: "unknown tag", file: "service_name: !foo x", kinds: only(config.ErrWrongType)},
		{name: "python", file: "service_name: !!python/object:x y", kinds: only(config.ErrWrongType)},
		{name: "binary", file: "service_name: !!binary eA==", kinds: only(config.ErrWrongType)},
		{name: "known tags", file: "service_name: !!str 5\nsample_rate: !!float 1", want: values{"service_name": "5", "sample_rate": "1"}},
		{name: "duplicate key", raw: "tracing:\n  timeout: 1\n  sample_rate: 1\n  timeout: 2\n", kinds: only(config.ErrDuplicateKey)},
		{name: "duplicate key deep in keys of another program", raw: "a: {b: {c: 1, c: 2}}\n", kinds: only(config.ErrDuplicateKey)},
		{name: "unknown anchor", file: "excluded_urls: [*foo]", kinds: only(config.ErrSyntax)},
		{name: "syntax error on line one", raw: "tracing: {", kinds: only(config.ErrSyntax)},
		{name: "depth", raw: strings.Repeat("{a: ", 33) + "1" + strings.Repeat("}", 33), kinds: only(config.ErrTooDeep)},
		{name: "bomb", raw: bomb(), kinds: only(config.ErrTooDeep)},
		{name: "root in capitals", raw: "TRACING: {sample_rate: 1}", kinds: only(config.ErrUnknownKey)},
		{name: "aliases count each time", raw: "a: &a [x, x, x, x, x, x, x, x, x]\nb: [" + strings.Repeat("*a, ", 6000) + "]\n", kinds: only(config.ErrTooDeep)},
		{name: "self-reference", raw: "a: &a {b: *a}\n", kinds: only(config.ErrTooDeep)},
		{name: "numbers are read by the key", file: "resource_attributes: {a: 007, b: true, c: 1.50, d: 2001-01-01}", want: values{"resource_attributes": "a=007,b=true,c=1.50,d=2001-01-01"}},
		{name: "unquoted number for a text", file: "service_name: 5", kinds: only(config.ErrWrongType)},
		{name: "list as text", file: "excluded_paths: /a, /b,", kinds: only(config.WarnIgnored), want: values{"excluded_paths": "/a,/b"}},
		{name: "pairs as text", file: "resource_attributes: a=1,b=x%2Cy", want: values{"resource_attributes": "a=1,b=x,y"}},
	})
}

func bomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 8; i++ {
		text += fmt.Sprintf("a%d: &a%d [", i, i) + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", ") + "]\n"
	}
	return text
}

func TestDiagnosticNamesTheAlias(t *testing.T) {
	t.Parallel()
	_, ds := check(t, "rate: &r 2\ntracing:\n  sample_rate: *r\n")
	wantKinds(t, ds, config.ErrOutOfRange)
	d := ds[0]
	if d.Origin.Line != 1 || d.Origin.Column != 7 && d.Origin.Column != 10 || len(d.Related) != 1 || d.Related[0].Line != 3 || d.Related[0].Column != 16 {
		t.Errorf("at %v with %v, want where the value is written, and the alias", d.Origin, d.Related)
	}
}

func TestLargeFilesFailFast(t *testing.T) {
	t.Parallel()
	big := config.Sources{Files: []string{write(t, strings.Repeat("x", 10<<20))}, Environ: []string{}, Registry: builtin}
	best := time.Hour
	for range 10 {
		var ds config.Diagnostics
		best = min(best, spent(func() { _, ds = config.Diagnose(big) }))
		wantKinds(t, ds, config.ErrTooLarge)
	}
	if best > 10*time.Millisecond && !raceEnabled {
		t.Errorf("10 MB take %v, want under 10 ms", best)
	}

	var b strings.Builder
	b.WriteString("tracing:\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "  key_%d: 1\n", i)
	}
	var ds config.Diagnostics
	if took := spent(func() { _, ds = check(t, b.String()) }); took > time.Second && !raceEnabled {
		t.Errorf("20 000 unknown keys take %v, want under 1 s", took)
	}
	errs := ds.Errors()
	if n := count(errs, config.ErrUnknownKey); n != 50 || len(errs) != 51 || errs[50].Error() != "and 19950 more" {
		t.Errorf("%d unknown keys, then %q; want 50 and 19950 more", n, errs[len(errs)-1])
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket := filepath.Join(dir, "tracing.yaml")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	secret := writeAs(t, "secret.yaml", "tracing: {sample_rate: 1}")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		kind       config.Kind
	}{
		{"missing file", filepath.Join(dir, "none.yaml"), config.ErrFile},
		{"directory", dir, config.ErrFile},
		{"mode 000", secret, config.ErrFile},
		{"a socket, which root cannot open either", socket, config.ErrFile},
		{"another extension", writeAs(t, "x.txt", "tracing: {sample_rate: 1}"), config.WarnSuspicious},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.path == secret && os.Geteuid() == 0 {
				return // root reads everything; the socket is the test there
			}
			cfg, ds := config.Diagnose(config.Sources{Files: []string{tt.path}, Environ: []string{}, Registry: builtin})
			if tt.kind == config.ErrFile && (cfg != nil || !errors.Is(ds, config.ErrFile)) {
				t.Errorf("loaded %v with %v, want file", cfg, ds)
			}
			if tt.kind == config.WarnSuspicious {
				wantKinds(t, ds, tt.kind)
			}
		})
	}
}

// Every layer is checked even if a file is not YAML.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	broken := writeAs(t, "broken.yaml", "tracing: [\n")
	typo := writeAs(t, "typo.yaml", "tracing:\n  smaple_rate: 1\n  timeout: 0\n  zipkin: {local_node_port: 70000}\n")
	_, err := config.Load(config.Sources{
		Files: []string{broken, typo}, Registry: builtin,
		Environ:   []string{"SPANROUTE_JAEGER_THRIFT_AGENT_PORT=x"},
		Overrides: map[string]any{"batch": map[string]any{"max_queue_size": 0}},
	})
	var ds config.Diagnostics
	if !errors.As(err, &ds) {
		t.Fatalf("err = %v, want Diagnostics", err)
	}
	want := []config.Kind{
		config.ErrSyntax, config.ErrUnknownKey, config.ErrOutOfRange, config.ErrOutOfRange, config.ErrWrongType, config.ErrOutOfRange,
	}
	for i, kind := range want {
		if i >= len(ds) || ds[i].Kind != kind {
			t.Fatalf("diagnostics in order:\n%s\nwant %v", lines(ds), want)
		}
		if !errors.Is(err, kind) {
			t.Errorf("errors.Is(err, %s) = false", kind)
		}
	}
}

// Five mistakes are five errors, each with line and column.
func TestFiveMistakes(t *testing.T) {
	t.Parallel()
	_, ds := check(t, section("exporter_type: zipkn\nsample_rate: 2\ntimeout: 1:30\njaeger: {thrift: {agent_port: x}}\nexcluded_urls: ['(']"))
	if errs := ds.Errors(); len(errs) != 5 {
		t.Fatalf("%d errors, want 5:\n%s", len(errs), lines(ds))
	}
	for _, d := range ds {
		if d.Origin.Line == 0 || d.Origin.Column == 0 {
			t.Errorf("no position: %s", d.Error())
		}
	}
}

// What YAML allows and the section does not.
func TestOddYAML(t *testing.T) {
	runAll(t, []situation{
		{name: "<< of a number", file: "<<: 5\nsample_rate: 1", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:7: tracing.<<:"}},
		{name: "<< of numbers", file: "zipkin: {<<: [{timeout: 1}, 2]}", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:31: tracing.zipkin.<<:"}},
		{name: "<< in headers", file: "zipkin: {headers: {<<: x}}", kinds: only(config.ErrWrongType)},
		{name: "<< of null", file: "<<: ~\nsample_rate: 1"},
		{name: "tag of the file", raw: "!foo\ntracing: {sample_rate: 1}", kinds: only(config.ErrWrongType)},
		{name: "tag of the section", raw: "tracing: !!omap {sample_rate: 1}", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:1:10: tracing:"}},
		{name: "tag of an inner section", file: "zipkin: !foo {timeout: 1}", kinds: only(config.ErrWrongType)},
		{name: "tag of a key", file: "!foo sample_rate: 1", kinds: only(config.ErrWrongType)},
		{name: "tags that say nothing new", raw: "!!map {tracing: !!map {zipkin: !!map {timeout: 1}}}"},
		{name: "a password of another type is not missing too", file: "jaeger: {username: u, password: 5}", kinds: only(config.ErrWrongType)},
		{name: "a long number for an address", file: "zipkin: {local_node_ipv6: " + strings.Repeat("9", 5000) + "}", kinds: only(config.ErrOutOfRange)},
	})
}
