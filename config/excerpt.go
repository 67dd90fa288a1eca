package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/secret"
)

// An excerpt is the lines of a file, for finding places and for pointing at them. What it shows has secrets
// masked.
type excerpt struct {
	lines    []string
	unparsed bool // the values are not known, so all that could be a secret is masked
	secrets  []secretSpan
	open     secretSpan // the last that goes on to the end of its line and further
}

// A secretSpan is a value, or a part of one line of it, that is never shown.
type secretSpan struct{ line, from, to int } // columns from 1, to is exclusive; 0 is the end of the line

func newExcerpt(text string) *excerpt {
	return &excerpt{lines: splitLines(text)}
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

// hide takes the value of n out of what is shown; of maps and pairs the names stay.
func (e *excerpt) hide(n *yaml.Node) {
	n = resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			e.hide(n.Content[i])
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if i == 0 && len(n.Content) == 2 && resolve(item).Kind == yaml.ScalarNode {
				continue
			}
			e.hide(item)
		}
	case yaml.ScalarNode:
		e.hideScalar(n)
	}
}

// hideNamed takes values out whose keys, anywhere below n, sound like secrets.
func (e *excerpt) hideNamed(n *yaml.Node) {
	n = resolve(n)
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && secret.Name(resolve(n.Content[i-1]).Value) {
			e.hide(child)
			continue
		}
		e.hideNamed(child)
	}
}

// hideScalar masks n's source. Where that is not certain, it masks from n to the end of the line, and all deeper
// lines below, which a long value may go on in.
func (e *excerpt) hideScalar(n *yaml.Node) {
	if isNull(n) {
		return
	}
	if e.open.line == n.Line && e.open.from <= n.Column {
		return
	}
	if width := e.sourceWidth(n); width > 0 {
		e.secrets = append(e.secrets, secretSpan{n.Line, n.Column, n.Column + width})
		return
	}
	e.open = secretSpan{line: n.Line, from: n.Column}
	e.secrets = append(e.secrets, e.open)
	indent := e.indent(n.Line)
	for line := n.Line + 1; line <= len(e.lines); line++ {
		if strings.TrimSpace(e.lines[line-1]) != "" && e.indent(line) <= indent {
			return
		}
		e.secrets = append(e.secrets, secretSpan{line: line, from: 1})
	}
}

// maxLine is up to which length, in bytes, values on a line are told apart; looking costs the square.
const maxLine = 8 << 10

// sourceWidth is how many runes of its line n takes, 0 if that is not certain: a long value or line, a tag, an
// anchor.
func (e *excerpt) sourceWidth(n *yaml.Node) int {
	if len(e.line(n.Line)) > maxLine {
		return 0
	}
	line := []rune(e.line(n.Line))
	if n.Column > len(line) || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return 0
	}
	rest := string(line[n.Column-1:])
	quote := ""
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		quote = `"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote = "'"
	}
	if text := quote + n.Value + quote; n.Value != "" && strings.HasPrefix(rest, text) && !strings.Contains(n.Value, `\`) {
		return utf8.RuneCountInString(text)
	}
	return 0
}

// show returns line n with secrets masked, and where column stands in it.
func (e *excerpt) show(n, column int) (text string, caret int) {
	line := []rune(e.line(n))
	spans := []secretSpan{}
	for _, s := range e.secrets {
		if s.line == n && s.from <= len(line) {
			spans = append(spans, s)
		}
	}
	if from := e.guessSecret(n); e.unparsed && from <= len(line) {
		spans = append(spans, secretSpan{line: n, from: from})
	}
	slices.SortFunc(spans, func(a, b secretSpan) int { return b.from - a.from })
	caret = column
	for _, s := range spans { // from the right, so that columns stay
		line, caret = s.mask(line, caret)
	}
	shown := redactURLs(string(line))
	if shown != string(line) {
		caret = min(caret, utf8.RuneCountInString(commonPrefix(shown, string(line)))+1)
	}
	return shown, caret
}

// mask puts *** for s into line, and moves the caret along.
func (s secretSpan) mask(line []rune, caret int) ([]rune, int) {
	if s.from > len(line) {
		return line, caret
	}
	to := min(s.to, len(line)+1)
	if s.to == 0 {
		to = len(line) + 1
	}
	if to <= s.from { // a span to the left reached further
		return line, caret
	}
	switch {
	case caret >= to:
		caret += len(secret.Mask) - (to - s.from)
	case caret > s.from:
		caret = s.from
	}
	return slices.Concat(line[:s.from-1], []rune(secret.Mask), line[to-1:]), caret
}

var urlText = regexp.MustCompile(`[^\s"',\[\]{}]*(://|@)[^\s"']*`)

// redactURLs masks what is secret in the URLs of a line, whatever key they belong to.
func redactURLs(line string) string {
	return urlText.ReplaceAllStringFunc(line, endpoint.Redact)
}

// redactMessage masks user information and secret query values of URLs that a message quotes, whatever their key.
func redactMessage(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return redactURLs(text)
}

func commonPrefix(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return strings.ToValidUTF8(a[:i], "")
}

// guessSecret finds the column from which line n of a file that is no YAML could hold a secret: behind a word that
// sounds like one, or everything if such a word stands on a line above that is less indented.
func (e *excerpt) guessSecret(n int) int {
	line := e.line(n)
	none := utf8.RuneCountInString(line) + 1
	indent := e.indent(n)
	tabbed := strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t") // how deep, nobody knows
	for above := n - 1; above > 0 && n-above < 200; above-- {
		text := e.lines[above-1]
		if strings.TrimSpace(text) == "" || e.indent(above) >= indent && !tabbed {
			continue
		}
		if indent = e.indent(above); secret.Name(text) {
			return e.indent(n) + 1
		}
	}
	if name, _, ok := strings.Cut(line, ":"); ok && secret.Name(line) {
		return utf8.RuneCountInString(name) + 2
	} else if secret.Name(line) {
		return e.indent(n) + 1
	}
	return none
}
