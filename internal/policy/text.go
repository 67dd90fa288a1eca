package policy

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// MaxSearched is the length of a path, method or URL, in bytes, up to which regular expressions are searched in it.
// A longer one, which a client can make take a second, matches no regular expression, so it is traced.
const MaxSearched = 16 << 10

// A textMatcher searches a text for any of its items, literals before regular expressions.
type textMatcher struct {
	everything bool
	contains   literals
	prefixes   []string
	suffixes   []string
	equals     map[string]struct{}
	regexps    []*regexp.Regexp
}

func (m *textMatcher) empty() bool {
	return !m.everything && m.contains.count+len(m.prefixes)+len(m.suffixes)+len(m.equals)+len(m.regexps) == 0
}

func (m *textMatcher) match(text string) bool {
	if m.everything {
		return true
	}
	if m.contains.count > 0 && m.contains.in(text) {
		return true
	}
	for _, prefix := range m.prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	for _, suffix := range m.suffixes {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	if m.equals != nil {
		if _, ok := m.equals[text]; ok {
			return true
		}
	}
	if len(text) > MaxSearched {
		return false
	}
	for _, re := range m.regexps {
		if re.MatchString(text) {
			return true
		}
	}
	return false
}

func (m *textMatcher) add(t text) {
	switch {
	case t.re != nil:
		m.regexps = append(m.regexps, t.re)
	case t.everything():
		m.everything = true
	case t.begin && t.end:
		if m.equals == nil {
			m.equals = make(map[string]struct{})
		}
		m.equals[t.literal] = struct{}{}
	case t.begin:
		m.prefixes = append(m.prefixes, t.literal)
	case t.end:
		m.suffixes = append(m.suffixes, t.literal)
	default:
		m.contains.add(t.literal)
	}
}

// A text is a compiled item of excluded_urls: a regular expression, or a literal with its anchors.
type text struct {
	re         *regexp.Regexp // nil for a literal
	literal    string
	begin, end bool // anchors
}

// everything reports whether t matches every text, as an empty literal or an anchor alone does.
func (t text) everything() bool {
	if t.re != nil {
		return t.re.MatchString("") && t.re.MatchString("/")
	}
	return t.literal == "" && !(t.begin && t.end)
}

// probes are paths and methods that share only the slash at the beginning. urlProbes are URLs that share only :// and
// the slash after the host. A pattern that matches all of them excludes everything.
var (
	probes    = []string{"/", "/a", "/Z", "/0", "/-", "/é", "/_/%", "/p.S/M"}
	urlProbes = []string{"http://a/", "https://b.c:1/x", "https://[::1]/Z/0", "http://9-8/é"}
)

// excludesAll reports whether t, an item of excluded_urls, matches every text that it is searched in.
func (t text) excludesAll(item string) bool {
	all := new(textMatcher)
	all.add(t)
	in := probes
	if hasScheme(item) {
		in = urlProbes
	}
	return !slices.ContainsFunc(in, func(probe string) bool { return !all.match(probe) })
}

// literalOf splits literal, ^literal, literal$ and ^literal$ into their parts. The parser has already removed escapes.
func literalOf(re *syntax.Regexp) (literal string, begin, end, ok bool) {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		begin, parts = true, parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		end, parts = true, parts[:n-1]
	}
	switch {
	case len(parts) == 0, len(parts) == 1 && parts[0].Op == syntax.OpEmptyMatch:
		return "", begin, end, true
	case len(parts) == 1 && parts[0].Op == syntax.OpLiteral && parts[0].Flags&syntax.FoldCase == 0:
		return string(parts[0].Rune), begin, end, true
	}
	return "", false, false, false
}

// notRE2 returns the error of RE2 for item, with a hint for the syntax of other dialects. Files that were written for
// Python's re module are the usual source of such syntax.
func notRE2(item string, err error) error {
	fault := settings.Errorf(settings.ErrPattern, "%s is not a regular expression: %s", phrase.Quote(item), re2Words(err))
	switch {
	case strings.Contains(item, "(?=") || strings.Contains(item, "(?!") || strings.Contains(item, "(?<"),
		strings.Contains(err.Error(), `invalid escape sequence: `+"`"+`\`) && strings.ContainsAny(item, "123456789"):
		return fault.WithHint("RE2 has neither look-around nor back-references; use excluded_paths or several patterns")
	case strings.Count(item, "{") != strings.Count(item, "}"):
		return fault.WithHint("write a list if a comma cut the pattern")
	}
	return fault
}

// re2Words returns the text of an error of package regexp without its prefix, which repeats what the fault begins with.
func re2Words(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

func cutByComma(item string) error {
	return settings.Errorf(settings.ErrPattern, "%s has an unbalanced brace: the text is split at commas", phrase.Quote(item)).
		WithHint("write a list")
}

// hasScheme reports whether an item of excluded_urls is matched against the URL instead of the path.
func hasScheme(item string) bool {
	return strings.Contains(item, "://") || strings.Contains(item, `:\/\/`)
}
