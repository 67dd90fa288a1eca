package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/policy"
)

var globKinds = map[string]struct {
	item, text *regexp.Regexp
	check      func(string) (bool, error)
}{
	"path": {regexp.MustCompile(policy.PathGlobPattern), regexp.MustCompile(policy.PathGlobsInText), policy.CheckPathGlob},
	"rpc":  {regexp.MustCompile(policy.RPCGlobPattern), regexp.MustCompile(policy.RPCGlobsInText), policy.CheckRPCGlob},
}

var globs = []string{
	"/", "/*", "/**", "/a", "/a/*", "/a/**", "/*a*/b*", "a", "", "/a b", "/a.B/C", "/*/C", "/a.B/*", "/a.B/", "//C", "/a/b/c", "/a.B/C*D", "/a.B/**", "/a**/b", "/*/*", "^/a$",
}

// A pattern matches what the check accepts.
func TestGlobPatterns(t *testing.T) {
	for name, kind := range globKinds {
		for _, glob := range globs {
			_, err := kind.check(glob)
			if got, want := kind.item.MatchString(glob), err == nil; got != want {
				t.Errorf("%s: %q is %t, want %t: %v", name, glob, got, want, err)
			}
			if text := " " + glob + " ,," + glob; glob != "" && kind.text.MatchString(text) != (err == nil) {
				t.Errorf("%s: text %q is %t: %v", name, text, err != nil, err)
			}
		}
	}
}

func FuzzGlobPatterns(f *testing.F) {
	for _, glob := range globs {
		f.Add(glob)
	}
	braces := regexp.MustCompile(policy.BracesInText)
	f.Fuzz(func(t *testing.T, text string) {
		for name, kind := range globKinds {
			if _, err := kind.check(strings.TrimSpace(text)); kind.item.MatchString(text) && err != nil {
				t.Errorf("%s: %q: %v", name, text, err)
			}
			for item := range strings.SplitSeq(text, ",") {
				item = strings.TrimSpace(item)
				if _, err := kind.check(item); item != "" && kind.text.MatchString(text) && err != nil {
					t.Errorf("%s: %q in %q: %v", name, item, text, err)
				}
			}
		}
		if _, _, err := policy.SplitItems(text); braces.MatchString(text) && err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
