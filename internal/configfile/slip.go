package configfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry/settings"
)

// A slip is a usual mistake in a file that the parser refuses, with the place of the mistake. The parser reports the line
// where it stopped, which is often another one, in terms of its grammar.
type slip struct {
	line, column, width int
	message, hint       string
}

// fault returns the slip as the fault of the file.
func (s *slip) fault() *fileFault {
	return faultAt(s.line, s.column, s.width, settings.Errorf(settings.ErrSyntax, "%s", s.message).WithHint(s.hint))
}

// foreignText finds signs that a file has another syntax than YAML: a merge conflict, TOML, INI, properties, comments
// of JSON5. Only the first line that is not empty decides about TOML and INI, since brackets and equals signs are usual
// inside YAML values.
func foreignText(ex *Text) *slip {
	first := true
	json := false
	for i, line := range ex.lines {
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#':
			continue
		case strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> "):
			return &slip{i + 1, 1, 7, "merge conflict marker", "resolve the conflict"}
		case first && text[0] == ';': // a comment of INI
			continue
		case first && isTOMLSection(text):
			return &slip{i + 1, ex.indent(i+1) + 1, utf8.RuneCountInString(text), "section in brackets, as in TOML and INI",
				`write "` + roots[0] + `:" on a line, and below it each key indented by two spaces: "  sample_rate: 1"`}
		case first && ex.table.KeyOf(line) != "" && assignment(text):
			return equalsSlip(ex, i+1)
		case first:
			json = text[0] == '{'
		case json && (strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*")):
			return &slip{i + 1, ex.indent(i+1) + 1, 2, "comment in the syntax of another language", "remove it, or begin it with #"}
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
	rest := strings.TrimLeftFunc(text, keytable.IsNameRune)
	return strings.HasPrefix(strings.TrimLeft(rest, " "), "=")
}

// equalsSlip reports an equals sign in place of a colon.
func equalsSlip(ex *Text, n int) *slip {
	column := utf8.RuneCountInString(ex.Line(n)[:strings.IndexByte(ex.Line(n), '=')]) + 1
	return &slip{n, column, 1, `"=" after a key`, `write ": ", as in "` + ex.table.KeyOf(ex.Line(n)) + `: value"`}
}

// keySlip finds a mistake between a known key that a line begins with and its value.
//
// A missing space or colon makes a valid text of a key and its value, so that the parser either accepts it or reports a
// later line.
func keySlip(ex *Text, n int) *slip {
	line := ex.Line(n)
	start := len(line) - len(strings.TrimLeft(line, " -"))
	name := ex.table.KeyOf(line[start:])
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

// nameSlip finds the same mistakes in a name that the parser accepts as a key: "sample_rate:1" is a valid name. It also
// finds a space that is not ASCII.
func nameSlip(t *keytable.Table, name string) (message, hint string, found bool) {
	if r, _ := utf8.DecodeRuneInString(name); r > unicode.MaxASCII && unicode.IsSpace(r) {
		return "non-breaking space before the key", "indent with plain spaces", true
	}
	known := t.KeyOf(name)
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
