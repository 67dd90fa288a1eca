package config_test

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/config"
)

// Exclusion patterns are checked when the configuration is loaded.
func TestExclusionPatterns(t *testing.T) {
	below := writeAs(t, "below.yaml", "tracing: {excluded_urls: [x]}")
	for text, want := range map[string]string{`""`: "", "[]": "", "~": "x"} {
		cfg, err := config.Load(config.Sources{
			Files: []string{below, write(t, section("service_name: a\nexcluded_urls: "+text))}, Environ: []string{}, Registry: builtin,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(cfg.ExcludedURLs, ","); got != want {
			t.Errorf("%s over [x] excludes %q, want %q", text, got, want)
		}
	}
	runAll(t, []situation{
		{name: "trimmed", file: "excluded_urls: readyz, livez", want: values{"excluded_urls": "readyz,livez"}},
		{name: "null in a list", file: `excluded_urls: ["a", ~]`, kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:24:"}},
		{name: "a number in a list", file: `excluded_urls: [1, "a"]`, kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:19:"}},
		{name: "a map", file: "excluded_urls: {a: b}", kinds: only(config.ErrWrongType), at: []string{"tracing.yaml:2:18:"}},
		{name: "a number", file: "excluded_urls: 5", kinds: only(config.ErrWrongType)},
		{name: "comma in a list", file: `excluded_urls: ["/u/[0-9]{1,3}"]`, want: values{"excluded_urls": "/u/[0-9]{1,3}"}},
		{name: "comma in a text", file: `excluded_urls: "/u/[0-9]{1,3}"`, kinds: only(config.ErrPattern)},
		{name: "invalid patterns", file: `excluded_urls: ["(", ok, "*", "(a{1000}){1000}"]`, kinds: only(config.ErrPattern, config.ErrPattern, config.ErrPattern), at: []string{"tracing.yaml:2:19:", "tracing.yaml:2:28:", "tracing.yaml:2:33:"}},
		{name: "look-around", file: `excluded_urls: ['^/(?!api)']`, kinds: only(config.ErrPattern)},
		{name: "everything", file: `excluded_urls: ['x*']`, kinds: only(config.WarnSuspicious)},
		{name: "empty item", file: `excluded_urls: "a,,b,"`, kinds: only(config.WarnIgnored), want: values{"excluded_urls": "a,b"}},
		{name: "empty item of a list", file: "excluded_urls: [a, '']", kinds: only(config.WarnIgnored), want: values{"excluded_urls": "a"}},
		{name: "globs, no slash", file: "excluded_paths: healthz", kinds: only(config.ErrPattern)},
		{name: "globs, two stars", file: "excluded_paths: [/a, /a/**]", kinds: only(config.ErrPattern), at: []string{"tracing.yaml:2:24:"}},
		{name: "rpc of one part", file: "excluded_rpcs: [/a]", kinds: only(config.ErrPattern)},
		{name: "every path by a slash", file: "excluded_urls: [/]", kinds: only(config.WarnSuspicious)},
		{name: "a path in the words of a regular expression", file: "excluded_paths: [/a, '/api/.*']", kinds: only(config.WarnSuspicious)},
		{name: "a path in the words of a router", file: "excluded_paths: ['/a/{id}']", kinds: only(config.WarnSuspicious)},
		{name: "a path with a query", file: "excluded_paths: ['/a?b=*']", kinds: only(config.WarnSuspicious)},
		{name: "braces in a regular expression", file: "excluded_urls: ['^/a/{id}$', '/b(c|d)?$']"},
		{name: "every path", file: "excluded_paths: [/*]", kinds: only(config.WarnSuspicious)},
	})
}
