package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/internal/goldentext"
	"github.com/spanroute/spanroute/internal/policy"
	"github.com/spanroute/spanroute/registry/settings"
)

var seedItems = []string{"readyz", "livez", "healthz", "static_content", "docs", "metrics"}

func compile(t testing.TB, rules policy.Rules) *policy.Policy {
	t.Helper()
	p, err := policy.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExcludesPath(t *testing.T) {
	tests := []struct {
		name  string
		rules policy.Rules
		path  string
		want  bool
	}{
		{"seed literal", policy.Rules{URLs: seedItems}, "/readyz", true},
		{"seed miss", policy.Rules{URLs: seedItems}, "/classify", false},
		{"unanchored literal", policy.Rules{URLs: seedItems}, "/api/v1/docs-search", true},
		{"repetition in a list item", policy.Rules{URLs: []string{"/u/[0-9]{1,3}"}}, "/u/12", true},
		{"decoded path", policy.Rules{URLs: []string{"café"}}, "/café", true},
		{"case matters", policy.Rules{URLs: []string{"READYZ"}}, "/readyz", false},
		{"case flag", policy.Rules{URLs: []string{"(?i)READYZ"}}, "/readyz", true},
		{"a flag holds for its item only", policy.Rules{URLs: []string{"(?i)READYZ", "LIVEZ"}}, "/livez", false},
		{"dot is any character", policy.Rules{URLs: []string{"a.b"}}, "/axb", true},
		{"escaped dot is a dot", policy.Rules{URLs: []string{`a\.b`}}, "/axb", false},
		{"escaped dot matches itself", policy.Rules{URLs: []string{`a\.b`}}, "/a.b", true},
		{"matches the empty text", policy.Rules{URLs: []string{"x*"}}, "/any", true},
		{"begin anchor, hit", policy.Rules{URLs: []string{"^/admin"}}, "/admin/x", true},
		{"begin anchor, miss", policy.Rules{URLs: []string{"^/admin"}}, "/x/admin", false},
		{"end anchor, hit", policy.Rules{URLs: []string{`\.css$`}}, "/a/b.css", true},
		{"end anchor, miss", policy.Rules{URLs: []string{`\.css$`}}, "/a.css/b", false},
		{"both anchors, hit", policy.Rules{URLs: []string{"^/$"}}, "/", true},
		{"both anchors, empty path is /", policy.Rules{URLs: []string{"^/$"}}, "", true},
		{"both anchors, miss", policy.Rules{URLs: []string{"^/$"}}, "/a", false},
		{"end of text is not before a newline", policy.Rules{URLs: []string{"^/a$"}}, "/a\n", false},
		{"a URL item does not match paths", policy.Rules{URLs: []string{"://docs"}}, "/://docs", false},
		{"path, whole text", policy.Rules{Paths: []string{"/healthz"}}, "/healthz", true},
		{"path, trailing slash", policy.Rules{Paths: []string{"/healthz"}}, "/healthz/", false},
		{"path, deeper", policy.Rules{Paths: []string{"/healthz"}}, "/a/healthz", false},
		{"path, longer", policy.Rules{Paths: []string{"/healthz"}}, "/healthzz", false},
		{"path, case", policy.Rules{Paths: []string{"/healthz"}}, "/HEALTHZ", false},
		{"below", policy.Rules{Paths: []string{"/debug/*"}}, "/debug/pprof/heap", true},
		{"below, the folder itself with slash", policy.Rules{Paths: []string{"/debug/*"}}, "/debug/", true},
		{"below, the folder itself", policy.Rules{Paths: []string{"/debug/*"}}, "/debug", false},
		{"below, a longer name", policy.Rules{Paths: []string{"/debug/*"}}, "/debugger", false},
		{"star in a segment", policy.Rules{Paths: []string{"/v*/docs"}}, "/v1/docs", true},
		{"star is empty", policy.Rules{Paths: []string{"/v*/docs"}}, "/v/docs", true},
		{"star stops at /", policy.Rules{Paths: []string{"/v*/docs"}}, "/v1/a/docs", false},
		{"several stars", policy.Rules{Paths: []string{"/a*b*c"}}, "/axxbyyc", true},
		{"several stars, wrong order", policy.Rules{Paths: []string{"/a*b*c"}}, "/axcxb", false},
		{"stars must not share text", policy.Rules{Paths: []string{"/ab*ba"}}, "/aba", false},
		{"star and below", policy.Rules{Paths: []string{"/v*/x/*"}}, "/v1/x/y/z", true},
		{"star and below, nothing below", policy.Rules{Paths: []string{"/v*/x/*"}}, "/v1/x", false},
		{"everything", policy.Rules{Paths: []string{"/*"}}, "/a/b", true},
		{"rpc globs are not for paths", policy.Rules{RPCs: []string{"/a.B/Get"}}, "/a.B/Get", false},
		{"no rules", policy.Rules{}, "/", false},
	}
	for _, tt := range tests {
		if got := compile(t, tt.rules).ExcludesPath(tt.path); got != tt.want {
			t.Errorf("%s: %+v excludes %q = %t, want %t", tt.name, tt.rules, tt.path, got, tt.want)
		}
	}
}

func TestExcludesURL(t *testing.T) {
	p := compile(t, policy.Rules{URLs: []string{"^https?://[^/]+/$", `internal:\/\/`}})
	if !p.NeedsURL() {
		t.Error("items with :// do not need the URL")
	}
	tests := map[string]bool{
		"http://h:8080/": true, "https://h/": true, "http://h/a": false, "internal://x": true, "ftp://h/": false,
	}
	for url, want := range tests {
		if got := p.ExcludesURL(url); got != want {
			t.Errorf("ExcludesURL(%q) = %t, want %t", url, got, want)
		}
	}
	if compile(t, policy.Rules{URLs: seedItems}).NeedsURL() {
		t.Error("items without :// need the URL")
	}
}

func TestExcludesRPC(t *testing.T) {
	tests := []struct {
		rules policy.Rules
		rpc   string
		want  bool
	}{
		{policy.Rules{URLs: []string{"Health"}}, "/grpc.health.v1.Health/Check", true},
		{policy.Rules{URLs: []string{"://Health"}}, "/grpc.health.v1.Health/Check", false},
		{policy.Rules{RPCs: []string{"/grpc.health.v1.Health/*"}}, "/grpc.health.v1.Health/Watch", true},
		{policy.Rules{RPCs: []string{"/*/Check"}}, "/a.B/Check", true},
		{policy.Rules{RPCs: []string{"/*/Check"}}, "/a.B/Get", false},
		{policy.Rules{RPCs: []string{"/*"}}, "/a.B/Get", true},
		{policy.Rules{Paths: []string{"/a.B/Get"}}, "/a.B/Get", false},
	}
	for _, tt := range tests {
		if got := compile(t, tt.rules).ExcludesRPC(tt.rpc); got != tt.want {
			t.Errorf("%+v excludes %s = %t, want %t", tt.rules, tt.rpc, got, tt.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		name  string
		rules policy.Rules
	}{
		{"group left open", policy.Rules{URLs: []string{"ok", "("}}},
		{"star of nothing", policy.Rules{URLs: []string{"*"}}},
		{"too large for RE2", policy.Rules{URLs: []string{"(a{1000}){1000}"}}},
		{"look-ahead", policy.Rules{URLs: []string{"^(?!/api)"}}},
		{"path without slash", policy.Rules{Paths: []string{"healthz"}}},
		{"path with anchors", policy.Rules{Paths: []string{"^/healthz$"}}},
		{"expression with anchors", policy.Rules{Paths: []string{"^/v[0-9]+/x$"}}},
		{"URL", policy.Rules{Paths: []string{"http://h:1/healthz"}}},
		{"URL without a path", policy.Rules{Paths: []string{"http://h"}}},
		{"method and path", policy.Rules{Paths: []string{"GET /healthz"}}},
		{"two stars in front", policy.Rules{Paths: []string{"**/healthz"}}},
		{"rpc of a service alone", policy.Rules{RPCs: []string{"grpc.health.v1.Health"}}},
		{"rpc of a method alone", policy.Rules{RPCs: []string{"Check"}}},
		{"rpc without slash", policy.Rules{RPCs: []string{"a.B/C"}}},
		{"two stars", policy.Rules{Paths: []string{"/a/**"}}},
		{"rpc of one part", policy.Rules{RPCs: []string{"/Check"}}},
		{"look-behind", policy.Rules{URLs: []string{"(?<=x)y"}}},
		{"back-reference", policy.Rules{URLs: []string{`(a)\1`}}},
		{"rpc of three parts", policy.Rules{RPCs: []string{"/a/b/c"}}},
	}
	var texts goldentext.Rows
	for _, tt := range tests {
		_, err := policy.Compile(tt.rules)
		texts.AddError(t, tt.name, err)
		if !errors.Is(err, settings.ErrPattern) {
			t.Errorf("%s: error %v is not of kind pattern", tt.name, err)
		}
	}
	texts.Check(t)
}

func TestEverything(t *testing.T) {
	for item, want := range map[string]bool{"x*": true, "a|": true, "$": true, "^": true, "": true, "^$": false, "docs": false, "^/$": false,
		"/": true, "^/": true, ".": true, ".+": true, "[^a]": true, "^/[a-z]*$": false, "/(v1|$)": false, `\w`: false, "(?i)/A": false,
		"://": true, "https?://": true, "https://": false, "://a/": false} {
		if got, err := new(policy.Checker).URL(item); got != want || err != nil {
			t.Errorf("Checker.URL(%q) = %t, %v, want %t", item, got, err, want)
		}
	}
	if everything, err := policy.CheckPathGlob("/*"); !everything || err != nil {
		t.Errorf(`CheckPathGlob("/*") = %t, %v`, everything, err)
	}
}

func TestDoubt(t *testing.T) {
	for _, glob := range []string{"/healthz", "/debug/*", "/a.b/*/c-d_e~f", "/*.png", "/a+b", "/é", "/p.Service/Method", "/:id", "/a;b=c@d!e'f,g&h"} {
		if found, hint := policy.Doubt(glob); found != "" || hint != "" {
			t.Errorf("Doubt(%q) = %q, %q, want nothing", glob, found, hint)
		}
	}
	for _, glob := range []string{"/api/.*", "/x/(a|b)", "/x$", "/v[0-9]", `/a\.b`, "/a/{id}", "/search?q=*", "/a.+"} {
		if found, hint := policy.Doubt(glob); found == "" || hint == "" {
			t.Errorf("Doubt(%q) = %q, %q, want a doubt and a hint", glob, found, hint)
		}
	}
}

func TestSplitItems(t *testing.T) {
	tests := []struct {
		text  string
		want  string // items joined by |
		empty int
	}{
		{"readyz, livez", "readyz|livez", 0},
		{"a,,b,", "a|b", 2},
		{"", "", 0},
		{"  ", "", 0},
		{",", "", 2},
	}
	for _, tt := range tests {
		items, empty, err := policy.SplitItems(tt.text)
		if got := strings.Join(items, "|"); got != tt.want || empty != tt.empty || err != nil {
			t.Errorf("SplitItems(%q) = %q, %d, %v; want %q, %d", tt.text, got, empty, err, tt.want, tt.empty)
		}
	}
	if _, _, err := policy.SplitItems("/u/[0-9]{1,3}"); !errors.Is(err, settings.ErrPattern) || !strings.Contains(err.Error(), "write a list") {
		t.Errorf("a pattern cut by a comma: %v", err)
	}
}

func TestLiteralsAgreeWithRegexp(t *testing.T) {
	// Each item is compared with itself in a group, which is never classified as a literal.
	items := []string{"docs", "^/docs", "docs$", "^/docs$", `a\.b`, "", "^", "$", "a|b", "x*"}
	texts := []string{"/", "/docs", "/docs/", "/a.b", "/axb", "/x/docs", "/b"}
	for _, item := range items {
		for _, text := range texts {
			fast := compile(t, policy.Rules{URLs: []string{item}}).ExcludesPath(text)
			slow := compile(t, policy.Rules{URLs: []string{"(?:[q]|" + item + ")"}}).ExcludesPath(text)
			if fast != slow {
				t.Errorf("%q in %q: %t as literal, %t as expression", item, text, fast, slow)
			}
		}
	}
}

func TestNilPolicyExcludesNothing(t *testing.T) {
	var live policy.Live
	var none *policy.Live
	for _, p := range []*policy.Policy{live.Load(), none.Load()} {
		if p.ExcludesPath("/") || p.ExcludesRPC("/a/b") || p.ExcludesURL("http://h/") || p.NeedsURL() {
			t.Error("a nil policy excludes")
		}
	}
	live.Store(compile(t, policy.Rules{URLs: []string{"x"}}))
	if !live.Load().ExcludesPath("/x") {
		t.Error("a stored policy is not in force")
	}
}

func TestTenThousandLiterals(t *testing.T) {
	items := make([]string, 10_000)
	for i := range items {
		items[i] = fmt.Sprintf("/never/requested/%d", i)
	}
	start := time.Now()
	p := compile(t, policy.Rules{URLs: items})
	if took := time.Since(start); took > 2*time.Second { // the bound is 200 ms; ten times that is a bug on any machine
		t.Errorf("compiling 10 000 literals took %v", took)
	}
	if p.ExcludesPath("/orders/7") || !p.ExcludesPath("/never/requested/9999") {
		t.Error("wrong verdict among 10 000 literals")
	}
}
