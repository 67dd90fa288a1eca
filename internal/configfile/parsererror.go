package configfile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/registry/settings"
)

// parserMessage takes a message of the parser apart: line, if it has one, and text.
var parserMessage = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// syntaxFault translates an error of the parser. This is the only place that depends on the parser's texts: the parser has no
// other way to report an error and its line. A slip that the finder recognizes takes precedence, because its place
// and words are better.
func syntaxFault(err error, ex *Text) *fileFault {
	line, message := 1, err.Error()
	if m := parserMessage.FindStringSubmatch(message); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	line = min(max(line, 1), len(ex.lines))
	switch {
	case strings.Contains(message, "exceeded max depth"):
		return faultAt(line, ex.indent(line)+1, 1, settings.Errorf(settings.ErrTooDeep, "nested deeper than %d", maxDepth))
	case strings.HasPrefix(message, "unknown anchor"):
		name := strings.TrimSuffix(strings.TrimPrefix(message, "unknown anchor '"), "' referenced")
		line, column := ex.find("*"+name, line)
		return faultAt(line, column, utf8.RuneCountInString(name)+1,
			settings.Errorf(settings.ErrSyntax, "alias of an unknown anchor").WithHint("quote a text that begins with *"))
	}
	if found := findSlip(ex); found != nil {
		return found.fault()
	}
	text, hint := plainWords(message)
	return faultAt(line, ex.indent(line)+1, 1, settings.Errorf(settings.ErrSyntax, "%s", text).WithHint(hint))
}

// plainWords translates a message of the parser if no slip is found. A message that can quote the file is not shown.
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

// parserWords are parts of the parser's messages with their translations. The first match counts. They are those of
// go.yaml.in/yaml/v3. A test parses a file for each of them, so that an update of the parser that changes a message is
// noticed.
var parserWords = []struct{ parser, text, hint string }{
	{"mapping values are not allowed", `unexpected ": "`, "compare the indentation with the line above; quote a value that contains a colon"},
	{"did not find expected key", "a line of the block that begins here has another indentation", "compare the indentation of its lines; quote a value with special characters"},
	{"could not find expected ':'", `no ": " on the line`, "write key: value"},
	{"did not find expected ',' or", "unclosed bracket, or missing comma between two items", "close the bracket, or add the comma"},
	{"did not find expected '-'", "a line in the list that begins here is not an item", `begin it with "- ", or indent it as the key of the list`},
	{"found unexpected end of stream", "unclosed quote or bracket", "close it"},
	{"cannot start any token", "value begins with a character that YAML reserves", "quote the value"},
	{"block sequence entries", "unexpected list item", "begin the list on the next line, or write [a, b]"},
	{"mapping keys are not allowed", `unexpected "? "`, "quote the value"},
	{"<document start>", "unexpected text after the document", "write one map, with the section " + roots[0]},
	{"escape", "unknown escape sequence", "use single quotes"},
	{"hexdecimal", "escape sequence without its hexadecimal digits", "use single quotes"},
	{"expected alphabetic or numeric", "value begins with * or &, which makes it an alias or an anchor", "quote the value"},
	{"did not find expected node content", "missing value, or one that begins with a character that YAML reserves", "write or quote the value"},
}
