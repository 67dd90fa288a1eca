package config_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

const tenLines = `tracing:
  exporter_type: jaeger
  sample_rate: 1.0
  timeout: 5
  max_tag_value_length: 256
  excluded_urls: readyz,livez,healthz,metrics
  jaeger:
    protocol: thrift
    thrift:
      agent_host_name: localhost
`

func BenchmarkLoadTenLines(b *testing.B) {
	s := config.Sources{Files: []string{write(b, tenLines)}, Environ: []string{}, Registry: builtin}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := config.Load(s); err != nil {
			b.Fatal(err)
		}
	}
}

// The reference promises well under a millisecond for ten lines.
func TestTenLinesAreFast(t *testing.T) {
	s := config.Sources{Files: []string{write(t, tenLines)}, Environ: []string{}, Registry: builtin}
	best := time.Hour
	for range 50 {
		var err error
		best = min(best, spent(func() { _, err = config.Load(s) }))
		if err != nil {
			t.Fatal(err)
		}
	}
	if best > time.Millisecond && !raceEnabled {
		t.Errorf("ten lines take %v, want under 1 ms", best)
	}
}

// A mebibyte of anything is loaded or refused in under a second.
func TestMebibytes(t *testing.T) {
	const size = 1<<20 - 100
	fill := func(head, unit string) string { return head + strings.Repeat(unit, (size-len(head))/len(unit)) }
	var keys strings.Builder
	for i := 0; keys.Len() < size-20; i++ {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for name, text := range map[string]string{
		"brackets":        fill("", "["),
		"braces":          fill("", "{a: "),
		"list":            fill("a: [", "x,"),
		"items":           fill("", "- a\n"),
		"nested items":    fill("", "- "),
		"comments":        fill("", "#\n"),
		"long comments":   fill("", "# some comment or other\n"),
		"comments inside": fill("tracing:\n", "  # c\n"),
		"one comment":     fill("# ", "x"),
		"one line":        fill("tracing: {service_name: ", "x") + "}",
		"quoted":          fill("tracing: {service_name: \"", "\\u0041") + "\"}",
		"block":           fill("tracing:\n  service_name: |\n", "    x\n"),
		"keys":            keys.String(),
		"anchors":         fill("", "- &a x\n"),
		"aliases":         fill("a: &a [x]\nb: [", "*a,") + "]",
		"blank":           fill("", "\n"),
		"spaces":          fill("a: ", " "),
		"colons":          fill("", ":"),
		"question marks":  fill("", "? "),
		"documents":       fill("", "---\n"),
		"tags":            fill("", "!a "),
		"variables":       fill("tracing: {service_name: \"", "${X:-y}") + "\"}",
		"patterns":        fill("tracing: {excluded_urls: \"", "a,") + "\"}",
		"header pairs":    fill("tracing: {otlp: {http: {headers: \"", "a=b,") + "\"}}}",
		"dollars":         fill("tracing: {service_name: \"", "$${") + "\"}",
	} {
		t.Run(name, func(t *testing.T) {
			s := config.Sources{Files: []string{write(t, text)}, Environ: []string{}, Registry: builtin}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			took := spent(func() { _, _ = config.Diagnose(s) })
			runtime.ReadMemStats(&after)
			t.Logf("%v, %d MiB allocated", took, (after.TotalAlloc-before.TotalAlloc)>>20)
			if took > time.Second && !raceEnabled {
				t.Errorf("takes %v, want under 1 s", took)
			}
		})
	}
}
