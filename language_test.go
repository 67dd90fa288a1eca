package spanroute_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An idiom is a phrase that the style guide in CONTRIBUTING.md excludes, with its replacement. The examples contain the
// idiom; TestIdiomsAreFound checks that the pattern matches each of them.
type idiom struct {
	pattern  string
	instead  string
	examples []string
}

// idioms holds the part of the style guide that a program can check. Patterns ignore letter case, match whole words, and
// match across line breaks.
var idioms = []idiom{
	{`(is|are|was|were|be) no`, `"is not a" or "has no"`, []string{"x is no exporter", "are no printable characters", "what is\nno key"}},
	{`(is|are|was|were) none`, "the noun, or none in quotes", []string{"a host that is none", "there are none"}},
	{`(nobody|no one|somebody|someone|anybody|whoever|whomever)( else)?`, "the caller, the operator, the handler, the client", []string{"Nobody reads it", "somebody else's port", "whoever chose it"}},
	{`(people|strangers?)`, "operators, users, readers; other packages, untrusted clients", []string{"where people look for it", "strangers to one another"}},
	{`(tells?|told)`, "reports, returns, records, shows", []string{"Stats tells what happened", "what an exporter is told"}},
	{`says?|said`, "holds, states, reports, prints", []string{"the file says localhost", "what was said before"}},
	{`asks for|asked for`, "requests, requires, needs", []string{"which the setting asks for"}},
	{`(is|are) asked|hears? of|speaks?`, "is called; is reported to; uses", []string{"it is asked once", "the operator hears of it", "a port that speaks gRPC"}},
	{`the kits?('s)?`, "spanroute, or the name of the package", []string{"the kit's exporters", "a part of the kit"}},
	{`as (it|they) (is|are|was|were|would be)`, "unchanged, exactly", []string{"written as it was", "kept as they are"}},
	{`what would do|will not do`, "what to do; is not valid", []string{"what was found, what would do"}},
	{`reference pages?|(the|this) page says`, "the rule in words, or a link to docs/", []string{"see the reference page"}},
	{`[a-z]+\.md section [0-9.]+|(of|in|see) section [0-9.]+|rule [0-9]+`, "the rule in words, or a link to docs/", []string{"see exporters.md section 4.1", "the estimate of section 3", "texts are valid (rule 2)"}},
	{`anew|likewise|besides|but for`, "again, also, apart from", []string{"reads it anew", "Likewise for links", "besides its settings"}},
	{`beats?`, "overrides, takes precedence over", []string{"the endpoint beats the agent"}},
	{`of another make|small letters|rubbish|moods?|patience`, "of another kind, lower case, invalid, state, time limit", []string{"an exporter of another make", "names in small letters"}},
	{`variables? of opentelemetry|opentelemetry's variables?`, "OTEL_* variable", []string{"a variable of OpenTelemetry"}},
}

// ruleIDs matches numbers of rules and cases that readers cannot look up. Unlike idioms, it depends on letter case.
var ruleIDs = regexp.MustCompile(`\b[RIHDJUZCO][0-9]{1,2}\b|\b[A-Z]-[0-9]{2}\b|\bcase [0-9]{2}\b`)

// rowID matches the number of a case at the end of the name of a test row.
var rowID = regexp.MustCompile(` \([A-Z]{1,2}-?[0-9]{1,2}\)$`)

var compiled = compileIdioms()

func compileIdioms() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(idioms))
	for i, idiom := range idioms {
		list[i] = regexp.MustCompile(`(?i)\b(?:` + strings.ReplaceAll(idiom.pattern, " ", `\s+`) + `)\b`)
	}
	return list
}

// ignored matches code, words that are mentioned and not used, and two phrases that contain an idiom.
var ignored = regexp.MustCompile("`[^`\n]*`|\"[^\"\n]*\"|\\bno[ \n]longer\\b|\\bno-ops?\\b")

// A fault is an excluded idiom in a text; line counts from 0.
type fault struct {
	line    int
	message string
}

// languageFaults returns the excluded idioms in text.
func languageFaults(text string) (faults []fault) {
	text = ignored.ReplaceAllStringFunc(text, func(part string) string { return "_" + strings.Repeat("\n", strings.Count(part, "\n")) })
	add := func(pattern *regexp.Regexp, instead string) {
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			faults = append(faults, fault{strings.Count(text[:at[0]], "\n"), fmt.Sprintf("%q: write %s", text[at[0]:at[1]], instead)})
		}
	}
	for i, pattern := range compiled {
		add(pattern, idioms[i].instead)
	}
	add(ruleIDs, "the rule in words")
	return faults
}

func TestLanguage(t *testing.T) {
	var texts []placedText
	for _, name := range textFiles(t, ".go") {
		texts = append(texts, goTexts(t, name)...)
	}
	for _, name := range textFiles(t, ".md") {
		texts = append(texts, placedText{name, 1, withoutFences(readText(t, filepath.ToSlash(name)))})
	}
	for _, text := range texts {
		for _, fault := range languageFaults(text.text) {
			t.Errorf("%s:%d: %s", text.file, text.line+fault.line, fault.message)
		}
	}
	if len(texts) < 500 {
		t.Errorf("%d texts are checked, want at least 500", len(texts))
	}
}

func TestIdiomsAreFound(t *testing.T) {
	for _, idiom := range idioms {
		for _, text := range idiom.examples {
			if faults := languageFaults(text); !slices.ContainsFunc(faults, func(f fault) bool { return strings.HasSuffix(f.message, idiom.instead) }) {
				t.Errorf("%q: faults %v, want %q among them", text, faults, idiom.instead)
			}
		}
	}
	for _, text := range []string{"delivers late: D7", "R7 for the last", "the row H-12", "see case 48"} {
		if len(languageFaults(text)) != 1 {
			t.Errorf("%q: the rule number is not found", text)
		}
	}
}

func TestOrdinarySentencesPass(t *testing.T) {
	for _, text := range []string{
		"The queue has no limit.", "They are no longer open,\nand later ones are no-ops.",
		"It no longer waits, and it is not a fault.",
		"exporter_type: none starts no exporter",
		`Shutdown of the exporter "none" is a no-op.`,
		"The handler returns no error.",
		"`there is no such key` is quoted text.",
		"an essay, a saying and a teller",
		"GitHub, UTF-8, IPv6, HTTP/2, b3 and RFC 3986 in 12 cases",
		"It reads the file again; the operator sets the key.",
		"The task is nonetheless done; its noun is notable.",
	} {
		if faults := languageFaults(text); len(faults) > 0 {
			t.Errorf("%q: faults %v", text, faults)
		}
	}
}

// withoutFences returns a page with empty lines in place of fenced blocks.
func withoutFences(page string) string {
	return fence.ReplaceAllStringFunc(page, func(block string) string { return strings.Repeat("\n", strings.Count(block, "\n")) })
}

// A placedText is a text that begins in the given line of a file.
type placedText struct {
	file string
	line int
	text string
}

// goTexts returns the comments of a file and its string literals that contain a space; of a test, only the numbers of cases
// in them.
func goTexts(t *testing.T, name string) (texts []placedText) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		var lines []string
		for _, comment := range group.List {
			lines = append(lines, strings.TrimPrefix(comment.Text, "//"))
		}
		texts = append(texts, placedText{name, files.Position(group.Pos()).Line, strings.Join(lines, "\n")})
	}
	test := strings.HasSuffix(name, "_test.go")
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if test {
				text = rowID.FindString(text)
			}
			if err == nil && strings.Contains(text, " ") {
				texts = append(texts, placedText{name, files.Position(literal.Pos()).Line, text})
			}
		}
		return true
	})
	return texts
}

// textFiles returns the files below the root whose names end with ext, without test data.
func textFiles(t *testing.T, ext string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || isHidden(entry.Name())):
			return fs.SkipDir
		case !entry.IsDir() && strings.HasSuffix(name, ext):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func isHidden(name string) bool { return len(name) > 1 && strings.HasPrefix(name, ".") }
