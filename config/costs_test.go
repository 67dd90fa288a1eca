package config_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/config"
)

// TestCostlyFilesAreRefused loads files within the size limit that used to take seconds or gigabytes. It counts
// allocations, so it does not run in parallel.
func TestCostlyFilesAreRefused(t *testing.T) {
	const nested = "(x{1,30}y){1,30}"
	item := "  - '" + nested + "'\n"
	list := func(key, items string) string { return "tracing:\n  " + key + ":\n" + items }
	big := "BIG=" + strings.Repeat("x", 100_000)
	tests := []struct {
		name, file string
		env        []string
		want       string // the first error, after the name of the file
	}{
		{"nested repetitions in a list", list("excluded_urls", strings.Repeat(item, 30_000)), nil,
			`:132:5: tracing.excluded_urls: the patterns up to "(x{1,30}y){1,30}" have size 251680, want at most 250000`},
		{"nested repetitions in a variable", "", []string{"SPANROUTE_EXCLUDED_URLS=[" + strings.TrimSuffix(strings.Repeat(`"`+nested+`",`, 6000), ",") + "]"},
			`SPANROUTE_EXCLUDED_URLS: excluded_urls: the patterns up to "(x{1,30}y){1,30}" have size 251680, want at most 250000`},
		{"many globs", list("excluded_paths", strings.Repeat("  - /a/*\n", 20_000)), nil,
			`:10003:5: tracing.excluded_paths: "/a/*" is pattern 10001, want at most 10000`},
		{"variables in one value", "tracing:\n  service_name: " + strings.Repeat("${BIG}", 100_000) + "\n", []string{big},
			`:2:17: tracing.service_name: the values up to here have 2100000 bytes with their variables, want at most 2097152`},
		{"variables in many values", list("excluded_urls", strings.Repeat("  - ${BIG}\n", 40_000)), []string{big},
			`:23:5: tracing.excluded_urls: the values up to here have 2100000 bytes with their variables, want at most 2097152`},
		{"a variable in headers", list("otlp", "    grpc:\n      headers:\n"+longHeaders(40)), []string{big},
			`tracing.otlp.grpc.headers: the values up to here have 2100000 bytes with their variables, want at most 2097152`},
		{"a default text behind an alias", list("excluded_urls", "  - &a ${NO:-"+strings.Repeat("x", 100_000)+"}\n"+strings.Repeat("  - *a\n", 20_000)), nil,
			`:3:5: more than 2097152 bytes of text, aliases counted each time`},
		{"a text behind an alias", list("excluded_urls", "  - &a "+strings.Repeat("x", 500_000)+"\n"+strings.Repeat("  - *a\n", 20_000)), nil,
			`:3:5: more than 2097152 bytes of text, aliases counted each time`},
	}
	limit := uint64(200)
	if raceEnabled {
		limit = 300
	}
	for _, tt := range tests {
		var all config.Diagnostics
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, all = check(t, tt.file, tt.env...)
		runtime.ReadMemStats(&after)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > limit {
			t.Errorf("%s: %d MiB allocated, want at most %d", tt.name, mib, limit)
		}
		errs := all.Errors()
		if len(errs) != 1 || !errors.Is(errs, config.ErrTooLarge) || !strings.Contains(lines(errs), tt.want) {
			t.Errorf("%s: %d errors, %.300s\nwant %s", tt.name, len(errs), lines(errs), tt.want)
		}
	}
}

func longHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "        h%d: ${BIG}\n", i)
	}
	return b.String()
}

func TestLargeHonestFilesLoad(t *testing.T) {
	t.Parallel()
	var urls strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&urls, "  - /some/path/of/a/service/%d\n", i)
	}
	for name, file := range map[string]string{
		"a thousand literals":          "tracing:\n  excluded_urls:\n" + urls.String(),
		"a megabyte of one value":      "tracing:\n  service_name: " + strings.Repeat("x", 1_000_000) + "\n",
		"a variable, a thousand times": "tracing:\n  service_name: " + strings.Repeat("${NAME}", 1000) + "\n",
	} {
		if _, all := check(t, file, "NAME="+strings.Repeat("x", 1000)); len(all) > 0 {
			t.Errorf("%s: %.300s", name, all)
		}
	}
}

// Many headers cost what they are, not their square. With the square, each of these took half a minute.
func TestManyHeaders(t *testing.T) {
	t.Parallel()
	list := func(n int, format string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ",")
	}
	for name, headers := range map[string]string{
		"text":  `"` + list(90_000, "a%d=b") + `"`,
		"map":   "{" + list(20_000, "a%d: b") + "}",
		"pairs": "[" + list(12_000, "[a%d, b]") + "]",
	} {
		t.Run(name, func(t *testing.T) {
			var cfg *config.Config
			var ds config.Diagnostics
			took := spent(func() { cfg, ds = check(t, section("otlp: {http: {headers: "+headers+"}}")) })
			if cfg == nil {
				t.Fatal(lines(ds))
			}
			if took > 8*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
