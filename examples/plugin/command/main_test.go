package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/cli"
)

func TestTheCommandsIncludeThePlugin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spans.txt")
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"validate", "../app/tracing.yaml", "--tracing.sample-rate=1"}, 0, "traces all new requests, sends to lines at spans.txt\n"},
		{[]string{"validate", "--tracing.lines.pht=x"}, 2, `did you mean "--tracing.lines.path"?`},
		{[]string{"exporters", "lines"}, 0, "SPANROUTE_LINES_PATH"},
		{[]string{"init", "lines"}, 0, "  lines:\n"},
		{[]string{"schema"}, 0, `"exporter.lines": {`},
		{[]string{"explain", "lines.path", "../app/tracing.yaml"}, 0, "lines.path = spans.txt\n"},
		{[]string{"send", "../app/tracing.yaml", "--tracing.lines.path=" + path}, 0, "lines: delivered 2 spans"},
	} {
		var out bytes.Buffer
		code := cli.Program{Stdout: &out, Stderr: &out, Environ: []string{}}.Run(t.Context(), tt.args)
		if code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%v: exit code %d, want %d, printed\n%s\nwant %s", tt.args, code, tt.code, out.String(), tt.want)
		}
	}
}
