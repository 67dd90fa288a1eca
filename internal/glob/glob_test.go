package glob_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/glob"
)

// Patterns match what regular expressions with .* match. The alphabet is small, so that parts overlap.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"*", ""}, {"*", "a/b"}, {"a*a", "a"}, {"a*a", "aa"}, {"ab*ba", "aba"}, {"*a*", "bab"}, {"a*b*b", "ab"}, {"a**b", "ab"}, {"/a/*", "/a/b/c"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 40 || len(text) > 200 {
			return
		}
		parts := strings.Split(strings.ToValidUTF8(pattern, "?"), "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern, text = strings.ToValidUTF8(pattern, "?"), strings.ToValidUTF8(text, "?")
		want := regexp.MustCompile(`\A(?s:` + strings.Join(parts, ".*") + `)\z`).MatchString(text)
		if got := glob.Match(pattern, text); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, text, got, want)
		}
	})
}
