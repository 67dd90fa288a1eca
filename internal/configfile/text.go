package configfile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/keytable"
)

// Roots returns the places of the section in the dialects of BentoML, as dotted paths. Hints name the first.
func Roots() []string { return slices.Clone(roots) }

var roots = []string{"tracing", "api_server.tracing", "services.tracing"}

// A Text holds the lines of a file, to find places and to point at them. It never shows a line that holds a secret or a
// part of one.
//
// Lines end where the YAML parser ends them, at CR, LF, NEL and the Unicode separators, so that its line numbers fit.
// Columns are in runes.
type Text struct {
	table    *keytable.Table
	lines    []string
	hidden   map[int]string // by line: the key to show in its place, "" for none
	unparsed bool           // the file is not YAML, so that each line is judged by itself
}

// newText splits a file into lines. t decides which lines may hold a secret.
func newText(text string, t *keytable.Table) *Text {
	return &Text{table: t, lines: splitLines(text), hidden: map[int]string{}}
}

// splitLines cuts text where YAML 1.1 ends a line.
func splitLines(text string) []string {
	lines := make([]string, 0, 1+max(strings.Count(text, "\n"), strings.Count(text, "\r")))
	start := 0
	for i, r := range text {
		if i < start {
			continue
		}
		switch r {
		case '\n', '\u0085', '\u2028', '\u2029':
			lines = append(lines, text[start:i])
			start = i + utf8.RuneLen(r)
		case '\r':
			lines = append(lines, text[start:i])
			start = i + 1
			if strings.HasPrefix(text[start:], "\n") {
				start++
			}
		}
	}
	return append(lines, text[start:])
}

// Line returns line n, from 1, "" for any other number. It can hold a secret: see [Text.Show].
func (e *Text) Line(n int) string {
	if n < 1 || n > len(e.lines) {
		return ""
	}
	return e.lines[n-1]
}

// indent is the number of runes of white space that line n begins with.
func (e *Text) indent(n int) int {
	line := e.Line(n)
	if strings.TrimLeft(line, " \t") == "" {
		return 0
	}
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// find returns the first place of text at or after line n, else the beginning of line n. It is for messages of the
// parser that name a text without its column.
func (e *Text) find(text string, n int) (line, column int) {
	for _, from := range []int{n, 1} {
		for line = from; line <= len(e.lines); line++ {
			if i := strings.Index(e.lines[line-1], text); i >= 0 {
				return line, utf8.RuneCountInString(e.lines[line-1][:i]) + 1
			}
		}
	}
	return n, e.indent(n) + 1
}

// hide keeps the lines from first to last from being shown. A line keeps the first key it is hidden for.
func (e *Text) hide(key string, first, last int) {
	for line := first; line <= min(last, len(e.lines)); line++ {
		if _, twice := e.hidden[line]; !twice {
			e.hidden[line] = key
		}
	}
}
