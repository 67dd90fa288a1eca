package config

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// An excerpt is the lines of a file, for finding places and for pointing at them. What it shows has secrets
// masked.
type excerpt struct {
	lines    []string
	unparsed bool // the values are not known, so all that could be a secret is masked
	secrets  []secretSpan
}

// A secretSpan is a value, or a part of one line of it, that is never shown.
type secretSpan struct{ line, from, to int } // columns from 1, to is exclusive; 0 is the end of the line

func newExcerpt(text string) *excerpt {
	return &excerpt{lines: splitLines(text)}
}

// splitLines cuts text where YAML 1.1 ends a line.
func splitLines(text string) []string {
	var lines []string
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

// line returns line n, from 1, "" if there is none.
func (e *excerpt) line(n int) string {
	if n < 1 || n > len(e.lines) {
		return ""
	}
	return e.lines[n-1]
}

// indent is the number of runes of white space that line n begins with.
func (e *excerpt) indent(n int) int {
	line := e.line(n)
	if strings.TrimLeft(line, " \t") == "" {
		return 0
	}
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// tab finds the last line up to n+1 whose indentation has a tab, and the tab's column; 0 if there is none.
func (e *excerpt) tab(n int) (line, column int) {
	for line = min(n+1, len(e.lines)); line > 0; line-- {
		text := e.lines[line-1]
		body := strings.TrimLeft(text, " \t")
		if i := strings.IndexByte(text[:len(text)-len(body)], '\t'); i >= 0 && body != "" && body[0] != '#' {
			return line, i + 1
		}
	}
	return 0, 0
}

// find returns the first place of text at or after line n, else the beginning of line n.
func (e *excerpt) find(text string, n int) (line, column int) {
	for _, from := range []int{n, 1} {
		for line = from; line <= len(e.lines); line++ {
			if i := strings.Index(e.lines[line-1], text); i >= 0 {
				return line, utf8.RuneCountInString(e.lines[line-1][:i]) + 1
			}
		}
	}
	return n, e.indent(n) + 1
}

// hide takes the value of n out of what is shown.
func (e *excerpt) hide(n *yaml.Node) {}
