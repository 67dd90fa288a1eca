package policy_test

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry/settings"
)

// nested is a pattern of 15 bytes whose program has 1,891 instructions.
const nested = "(x{1,30}y){1,30}"

// wideRange is a range of 10 bytes that the parser folds rune by rune.
const wideRange = `A-\x{1E942}`

func TestCompileRefusesWhatCostsTooMuch(t *testing.T) {
	numbered := make([]string, 10_001)
	for i := range numbered {
		numbered[i] = fmt.Sprintf("/literal/%d", i)
	}
	paths := func(items []string) []string {
		out := slices.Clone(items)
		for i := range out {
			out[i] = "/" + out[i] + "*"
		}
		return out
	}
	tests := []struct {
		name  string
		rules policy.Rules
	}{
		{"nested repetitions, 640 KB of them", policy.Rules{URLs: slices.Repeat([]string{nested}, 40_000)}},
		{"nested repetitions in one item", policy.Rules{URLs: []string{"ok", strings.Repeat(nested, 200)}}},
		{"ranges that are folded", policy.Rules{URLs: []string{"(?i)[" + strings.Repeat(wideRange, 1000) + "]"}}},
		{"ranges that are folded, written as text", policy.Rules{URLs: []string{"(?i)[" + strings.Repeat("A-\U0001E942", 1000) + "]"}}},
		{"classes of Unicode", policy.Rules{URLs: slices.Repeat([]string{strings.Repeat(`\pL|`, 100)}, 1000)}},
		{"long texts between metacharacters", policy.Rules{URLs: []string{strings.Repeat("a.", 200_000)}}},
		{"one text in many items", policy.Rules{URLs: slices.Repeat([]string{strings.Repeat("x", 500_000)}, 5000)}},
		{"one glob in many items", policy.Rules{Paths: slices.Repeat([]string{"/" + strings.Repeat("x", 500_000)}, 5000)}},
		{"many literals", policy.Rules{URLs: numbered}},
		{"many paths", policy.Rules{Paths: paths(numbered)}},
		{"many methods", policy.Rules{RPCs: slices.Repeat([]string{"/a.B/*"}, 10_001)}},
	}
	var texts goldentext.Rows
	for _, tt := range tests {
		var err error
		if mib := allocated(func() { _, err = policy.Compile(tt.rules) }); mib > 64 {
			t.Errorf("%s: %d MiB allocated before it is refused, want at most 64", tt.name, mib)
		}
		texts.AddError(t, tt.name, err)
		if !errors.Is(err, settings.ErrTooLarge) {
			t.Errorf("%s: error %v, want kind too_large", tt.name, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: the error has %d bytes, want one line", tt.name, len(err.Error()))
		}
	}
	texts.Check(t)
}

// allocated is what f allocates, in MiB. The tests of this package do not run at the same time.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20
}

func TestCompileAcceptsWhatOperatorsWrite(t *testing.T) {
	list := func(n int, format string) []string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return items
	}
	tests := []struct {
		name  string
		rules policy.Rules
		path  string
	}{
		{"a thousand literals", policy.Rules{URLs: list(1000, "/some/rather/long/path/of/an/honest/service/%d/health")}, "/some/rather/long/path/of/an/honest/service/999/health"},
		{"ten thousand literals with escapes", policy.Rules{URLs: list(10_000, `/file\.%d`)}, "/file.9999"},
		{"ten thousand globs", policy.Rules{Paths: list(10_000, "/v*/users/%d/*")}, "/v1/users/9999/x"},
		{"a thousand expressions", policy.Rules{URLs: list(1000, `^/api/v[0-9]+/users/[a-f0-9]{8,32}/%d$`)}, "/api/v1/users/deadbeef/999"},
		{"a hundred ranges of letters, folded", policy.Rules{URLs: list(100, `(?i)^/[а-я]+/[à-ÿ]*-?%d$`)}, "/Док/99"},
	}
	for _, tt := range tests {
		p, err := policy.Compile(tt.rules)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !p.ExcludesPath(tt.path) || p.ExcludesPath("/") {
			t.Errorf("%s: excludes %q = %t and / = %t, want true and false", tt.name, tt.path, p.ExcludesPath(tt.path), p.ExcludesPath("/"))
		}
	}
}

// FuzzCompile: an item that is accepted matches what package regexp matches, and its program is within the bound;
// one that is refused is not an expression, or too large.
func FuzzCompile(f *testing.F) {
	for _, seed := range append(seedItems, "^/a$", "(", "/x/*", "/v*/b", "x*", nested, `\pL-[^\d]`, "(?i)[a-я]", `a{2,}\.b`, "(?:a|)$", `\Q^\E`, "(?m)^a$") {
		f.Add(seed, "/a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		for _, rules := range []policy.Rules{{Paths: []string{pattern}}, {RPCs: []string{pattern}}} {
			if p, err := policy.Compile(rules); err == nil {
				p.ExcludesPath(text)
				p.ExcludesRPC(text)
			}
		}
		p, err := policy.Compile(policy.Rules{URLs: []string{pattern}})
		if errors.Is(err, settings.ErrTooLarge) {
			return
		}
		re, bad := regexp.Compile(pattern)
		if (err == nil) != (bad == nil) {
			t.Fatalf("Compile(%q) = %v, regexp.Compile: %v", pattern, err, bad)
		}
		if err != nil {
			return
		}
		got, want := p.ExcludesRPC(text), re.MatchString(text)
		if p.NeedsURL() {
			got = p.ExcludesURL(text)
		}
		if got != want {
			t.Errorf("%q in %q: %t, regexp has %t", pattern, text, got, want)
		}
		if n := instructions(t, pattern); n > policy.MaxPatternSize {
			t.Errorf("%q has %d instructions, want at most %d", pattern, n, policy.MaxPatternSize)
		}
	})
}

func instructions(t *testing.T, pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		t.Fatal(err)
	}
	return len(program.Inst)
}

// A client can send a path of a megabyte, in which an expression takes a tenth of a second to search.
func TestLongTextsMatchNoExpression(t *testing.T) {
	p, err := policy.Compile(policy.Rules{URLs: []string{"(?i)health[sz]$", "literal", "http://h/.*[xy]$"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		length int
		suffix string
		want   bool
	}{
		{policy.MaxSearched, "/healthz", true},
		{policy.MaxSearched + 1, "/healthz", false},
		{1 << 20, "/healthz", false},
		{1 << 20, "/literal", true},
	} {
		text := "/" + strings.Repeat("a", tt.length-1-len(tt.suffix)) + tt.suffix
		if path, rpc := p.ExcludesPath(text), p.ExcludesRPC(text); path != tt.want || rpc != tt.want {
			t.Errorf("%d bytes that end in %s: excluded as a path %t, as a method %t, want %t", tt.length, tt.suffix, path, rpc, tt.want)
		}
	}
	if long := "http://h/" + strings.Repeat("x", policy.MaxSearched); p.ExcludesURL(long) || !p.ExcludesURL(long[:policy.MaxSearched]) {
		t.Error("a URL over the bound is excluded, or one at the bound is not")
	}
}
