package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spanroute/spanroute/registry/settings"
)

// A slip is a usual mistake in a file that the parser refuses, at the place where it is made. The parser names the line
// where it gave up, which is often another one, in its own terms.
type slip struct {
	line, column, width int
	message, hint       string
}

func (s *slip) fault() *yamlFault {
	return faultAt(s.line, s.column, s.width, settings.Errorf(ErrSyntax, "%s", s.message).WithHint(s.hint))
}

// findSlip returns the first slip of a file, nil if it has none that is known. It reads lines as YAML does, with as much
// of the grammar as the mistakes need; it never quotes a value.
func findSlip(ex *excerpt) *slip {
	if s := foreignText(ex); s != nil {
		return s
	}
	f := slipFinder{ex: ex}
	for n := range ex.lines {
		f.n = n + 1
		if f.readLine(ex.lines[n]); f.found != nil {
			return f.found
		}
	}
	f.atEnd()
	return f.found
}

// foreignText finds what shows that a file is not meant as YAML at all.
func foreignText(ex *excerpt) *slip {
	first := true
	json := false
	for i, line := range ex.lines {
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#':
			continue
		case strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> "):
			return &slip{i + 1, 1, 7, "a mark of a merge conflict", "resolve the conflict"}
		case first && text[0] == ';': // a comment of INI
			continue
		case first && isTOMLSection(text):
			return &slip{i + 1, ex.indent(i+1) + 1, utf8.RuneCountInString(text), "a section in brackets, as TOML and INI have",
				"write " + roots[0] + `: on a line, and the keys below it with two spaces before, as "sample_rate: 1"`}
		case first && ex.table.keyOf(line) != "" && assignment(text):
			return equalsSlip(ex, i+1)
		case first:
			json = text[0] == '{'
		case json && (strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*")):
			return &slip{i + 1, ex.indent(i+1) + 1, 2, "a comment that JSON and YAML do not have", "remove it, or begin it with #"}
		}
		first = false
	}
	return nil
}

// isTOMLSection reports whether text is a line such as [tracing] or [tracing.jaeger].
func isTOMLSection(text string) bool {
	name, ok := strings.CutPrefix(strings.TrimRight(text, "]"), "[")
	return ok && strings.HasSuffix(text, "]") && strings.Trim(name, "[") != "" && !strings.ContainsAny(name, `,:"' `)
}

// assignment reports whether a line has the form name = value.
func assignment(text string) bool {
	rest := strings.TrimLeftFunc(text, isNameRune)
	return strings.HasPrefix(strings.TrimLeft(rest, " "), "=")
}

func equalsSlip(ex *excerpt, n int) *slip {
	column := utf8.RuneCountInString(ex.line(n)[:strings.IndexByte(ex.line(n), '=')]) + 1
	return &slip{n, column, 1, `"=" after a key`, `write ": ", as "` + ex.table.keyOf(ex.line(n)) + `: value"`}
}

// keySlip finds a mistake between a known key that a line begins with and its value.
func keySlip(ex *excerpt, n int) *slip {
	line := ex.line(n)
	start := len(line) - len(strings.TrimLeft(line, " -"))
	name := ex.table.keyOf(line[start:])
	if name == "" || !strings.HasPrefix(line[start:], name) {
		return nil
	}
	rest := line[start+len(name):]
	column := utf8.RuneCountInString(line[:start+len(name)]) + 1
	switch {
	case strings.TrimSpace(rest) == "" || strings.HasPrefix(rest, "://"):
	case assignment(line[start:]):
		return equalsSlip(ex, n)
	case rest[0] == ':' && len(rest) > 1 && rest[1] != ' ' && rest[1] != '\t':
		return &slip{n, column, 1, fmt.Sprintf("no space after %q", name+":"), "write a space before the value"}
	case rest[0] == ' ' && !strings.Contains(rest, ":") && strings.TrimSpace(rest)[0] != '#':
		return &slip{n, column, 1, fmt.Sprintf("no colon after %q", name), `write ": " before the value`}
	}
	return nil
}

// nameSlip finds the same mistakes, and a space that is not an ASCII one, in the name of a key that was read as one.
func nameSlip(t *table, name string) (message, hint string, found bool) {
	if r, _ := utf8.DecodeRuneInString(name); r > unicode.MaxASCII && unicode.IsSpace(r) {
		return "a non-breaking space before the key", "indent with plain spaces", true
	}
	known := t.keyOf(name)
	if known == "" || known == name || !strings.HasPrefix(name, known) {
		return "", "", false
	}
	switch rest := strings.TrimLeft(name[len(known):], " "); {
	case rest == "":
	case rest[0] == ':':
		return fmt.Sprintf("no space after %q", known+":"), "write a space before the value", true
	case rest[0] == '=':
		return `"=" after a key`, `write ": " before the value`, true
	case name[len(known)] == ' ':
		return fmt.Sprintf("no colon after %q", known), `write ": " before the value`, true
	}
	return "", "", false
}

// plainWords translates what the parser reports where no slip is found.
func plainWords(message string) (text, hint string) {
	for _, w := range parserWords {
		if strings.Contains(message, w.parser) {
			return w.text, w.hint
		}
	}
	if strings.ContainsAny(message, `'"`) { // it can quote the file
		return "not YAML", "compare the line with those above it"
	}
	return "not YAML: " + message, ""
}

var parserWords = []struct{ parser, text, hint string }{
	{"mapping values are not allowed", `a ": " where no key can begin`, "compare the indentation with the line above; quote a value that has a colon"},
	{"did not find expected key", "a line that does not continue the block that begins here", "compare the indentation of its lines; quote a value with special characters"},
	{"could not find expected ':'", `a line without ": "`, "write key: value"},
	{"did not find expected ',' or", "a bracket that is not closed, or no comma between two items", "close it, or write the comma"},
	{"did not find expected '-'", "a line that is not an item of the list that begins here", `begin it with "- ", or indent it as the key of the list`},
	{"found unexpected end of stream", "a quote or bracket that is not closed", "close it"},
	{"cannot start any token", "a value begins with a character that YAML reserves", "quote the value"},
	{"block sequence entries", "a list item where none can begin", "begin the list on the next line, or write [a, b]"},
	{"mapping keys are not allowed", `a "? " where no key can begin`, "quote the value"},
	{"<document start>", "text after the end of the document", "write one map, with the section " + roots[0]},
	{"escape", "an escape that YAML does not know", "use single quotes"},
	{"hexdecimal", "an escape without its hexadecimal digits", "use single quotes"},
	{"expected alphabetic or numeric", "a value that begins with * or & is an alias or an anchor", "quote the value"},
	{"did not find expected node content", "a value is missing, or begins with a character that YAML reserves", "write or quote the value"},
}
