package config_test

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

// The rows of exclusion.md that are decided at load.
func TestCasesExclusion(t *testing.T) {
	below := writeAs(t, "below.yaml", "tracing: {excluded_urls: [x]}")
	for text, want := range map[string]string{`""`: "", "[]": "", "~": "x"} {
		cfg, err := config.Load(config.Sources{
			Files: []string{below, write(t, section("service_name: a\nexcluded_urls: "+text))}, Environ: []string{}, Registry: kit,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(cfg.ExcludedURLs, ","); got != want {
			t.Errorf("4 %s over [x] excludes %q, want %q", text, got, want)
		}
	}
	runAll(t, []situation{
		{name: "3 trimmed", file: "excluded_urls: readyz, livez", want: values{"excluded_urls": "readyz,livez"}},
		{name: "5 null inside", file: `excluded_urls: ["a", ~]`, kinds: only(config.ErrWrongType), lines: []string{"tracing.yaml:2:24:"}},
		{name: "5 number inside", file: `excluded_urls: [1, "a"]`, kinds: only(config.ErrWrongType), lines: []string{"tracing.yaml:2:19:"}},
		{name: "5 map", file: "excluded_urls: {a: b}", kinds: only(config.ErrWrongType), lines: []string{"tracing.yaml:2:18:"}},
		{name: "5 number", file: "excluded_urls: 5", kinds: only(config.ErrWrongType)},
		{name: "6 comma in a list", file: `excluded_urls: ["/u/[0-9]{1,3}"]`, want: values{"excluded_urls": "/u/[0-9]{1,3}"}},
		{name: "6 comma in a text", file: `excluded_urls: "/u/[0-9]{1,3}"`, kinds: only(config.ErrPattern), lines: []string{"write a list"}},
		{name: "8 no patterns", file: `excluded_urls: ["(", ok, "*", "(a{1000}){1000}"]`, kinds: only(config.ErrPattern, config.ErrPattern, config.ErrPattern), lines: []string{"tracing.yaml:2:19:", "tracing.yaml:2:28:", "tracing.yaml:2:33:"}},
		{name: "8 look-around", file: `excluded_urls: ['^/(?!api)']`, kinds: only(config.ErrPattern), lines: []string{"RE2 has neither"}},
		{name: "16 everything", file: `excluded_urls: ['x*']`, kinds: only(config.WarnSuspicious)},
		{name: "empty item", file: `excluded_urls: "a,,b,"`, kinds: only(config.WarnIgnored), want: values{"excluded_urls": "a,b"}},
		{name: "empty item of a list", file: "excluded_urls: [a, '']", kinds: only(config.WarnIgnored), lines: []string{"2:22: tracing.excluded_urls: an empty item, remove it"}, want: values{"excluded_urls": "a"}},
		{name: "21 no slash", file: "excluded_paths: healthz", kinds: only(config.ErrPattern), lines: []string{`did you mean "/healthz"?`}},
		{name: "21 two stars", file: "excluded_paths: [/a, /a/**]", kinds: only(config.ErrPattern), lines: []string{"tracing.yaml:2:24:"}},
		{name: "rpc of one part", file: "excluded_rpcs: [/a]", kinds: only(config.ErrPattern)},
		{name: "every path by a slash", file: "excluded_urls: [/]", kinds: only(config.WarnSuspicious), lines: []string{`tracing.yaml:2:19: tracing.excluded_urls: "/" excludes everything, narrow it`}},
		{name: "a path in the words of a regular expression", file: "excluded_paths: [/a, '/api/.*']", kinds: only(config.WarnSuspicious), lines: []string{`tracing.yaml:2:24: tracing.excluded_paths: "/api/.*" looks like a regular expression, and only * is special in a glob, write *, or use excluded_urls`}},
		{name: "a path in the words of a router", file: "excluded_paths: ['/a/{id}']", kinds: only(config.WarnSuspicious), lines: []string{"write * for a part of the path"}},
		{name: "a path with a query", file: "excluded_paths: ['/a?b=*']", kinds: only(config.WarnSuspicious), lines: []string{"a path has no query, write the path alone"}},
		{name: "braces in a regular expression", file: "excluded_urls: ['^/a/{id}$', '/b(c|d)?$']"},
		{name: "every path", file: "excluded_paths: [/*]", kinds: only(config.WarnSuspicious)},
	})
}
