package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spanroute/spanroute/internal/phrase"
)

// A slipFinder reads the lines of a file until it finds a slip.
type slipFinder struct {
	ex    *excerpt
	n     int    // line
	keyed bool   // it begins with a key
	line  []rune // its text
	found *slip

	levels []level   // block maps and lists that are open, outermost first
	flow   []bracket // brackets that are open
	quote  bracket   // quote that is open; char 0 for none
	block  int       // indentation of the key of an open block text, plus 1; 0 for none
}

// A level is a block map or list.
type level struct {
	indent int
	list   bool
	line   int  // of its last key or item
	filled bool // that one has a value on its line
}

// A bracket is an opening bracket or quote.
type bracket struct {
	char                 rune
	line, column, indent int
	keyed                bool // a key is before it on its line
	colon                bool // the item that is read has a colon
}

func (f *slipFinder) report(column, width int, message, hint string) {
	if f.found == nil {
		f.found = &slip{f.n, column, width, message, hint}
	}
}

func (f *slipFinder) notClosed(b bracket) {
	what := fmt.Sprintf("a %c is not closed", b.char)
	hint := "close it on the same line"
	if b.char == '{' || b.char == '[' {
		hint = "add " + string(closing[b.char])
	}
	f.found = &slip{b.line, b.column, 1, what, hint}
}

var closing = map[rune]rune{'{': '}', '[': ']'}

func (f *slipFinder) atEnd() {
	switch {
	case f.quote.char != 0:
		f.notClosed(f.quote)
	case len(f.flow) > 0:
		f.notClosed(f.flow[len(f.flow)-1])
	}
}

func (f *slipFinder) readLine(line string) {
	text := strings.TrimSpace(line)
	indent := f.ex.indent(f.n)
	f.line = []rune(line)
	if f.block > 0 && (text == "" || indent >= f.block) {
		return
	}
	f.block = 0
	f.keyed = text != "" && f.keyEnd(min(indent, len(f.line)-1)) >= 0
	if text == "" || f.quote.char == 0 && text[0] == '#' {
		return
	}
	keyed := f.ex.table.keyOf(text) != "" && strings.Contains(text, ": ") && isNameRune(rune(text[0]))
	switch {
	case f.quote.char != 0 && keyed && indent <= f.quote.indent:
		f.notClosed(f.quote)
	case f.quote.char == 0 && len(f.flow) > 0 && f.flow[0].keyed && keyed && indent <= f.flow[0].indent:
		f.notClosed(f.flow[len(f.flow)-1])
	case f.quote.char == 0 && len(f.flow) == 0:
		f.readBlock(indent)
	default:
		f.readValue(min(indent, len(f.line)), f.quote.char == 0, indent)
	}
}

// readBlock reads a line outside of brackets and quotes.
func (f *slipFinder) readBlock(indent int) {
	for i, r := range f.line[:min(len(f.line), indent+1)] {
		if r == '\t' && i < indent {
			f.report(i+1, 1, "a tab in the indentation", "use spaces")
			return
		}
		if r > unicode.MaxASCII && unicode.IsSpace(r) {
			f.report(i+1, 1, "a non-breaking space in the indentation", "use plain spaces")
			return
		}
	}
	if f.found = keySlip(f.ex, f.n); f.found != nil {
		return
	}
	at, items := indent, 0
	for f.has(at, "- ") || f.has(at, "-") && at+1 == len(f.line) {
		f.enter(at, true, false)
		for at++; at < len(f.line) && f.line[at] == ' '; at++ {
		}
		items++
	}
	if at >= len(f.line) || f.found != nil {
		return
	}
	end := f.keyEnd(at)
	if end < 0 { // a text, perhaps one that goes on
		f.fill()
		f.readValue(at, true, indent)
		return
	}
	value := strings.TrimSpace(string(f.line[end+1:]))
	f.enter(at, false, value != "" && value[0] != '#' && value[0] != '&' && value[0] != '!')
	if f.found == nil {
		f.readValue(end+1, true, at)
	}
}

func (f *slipFinder) has(at int, text string) bool {
	return at < len(f.line) && strings.HasPrefix(string(f.line[at:min(len(f.line), at+len(text))]), text)
}

// keyEnd returns the index of the colon of the key that begins at an index, -1 if there is no key.
func (f *slipFinder) keyEnd(at int) int {
	quote := rune(0)
	if f.line[at] == '"' || f.line[at] == '\'' {
		quote = f.line[at]
	} else if strings.ContainsRune("[{", f.line[at]) {
		return -1
	}
	for i := at; i < len(f.line); i++ {
		r := f.line[i]
		switch {
		case quote != 0 && i > at && r == quote:
			quote = 0
		case quote == 0 && r == '#' && i > 0 && f.line[i-1] == ' ':
			return -1
		case quote == 0 && r == ':' && (i+1 == len(f.line) || f.line[i+1] == ' ' || f.line[i+1] == '\t'):
			return i
		}
	}
	return -1
}

// fill marks the last key as one with a value.
func (f *slipFinder) fill() {
	if n := len(f.levels); n > 0 {
		f.levels[n-1].filled = true
	}
}

// enter opens, continues or closes blocks for a key or an item at an indentation.
func (f *slipFinder) enter(indent int, list, filled bool) {
	for len(f.levels) > 0 {
		top := &f.levels[len(f.levels)-1]
		switch {
		case indent > top.indent && top.filled && !(top.list && top.line == f.n):
			f.report(indent+1, 1, fmt.Sprintf("indented deeper than line %d, which has a value", top.line),
				fmt.Sprintf("indent it by %s, as that line", spaces(top.indent)))
			return
		case indent > top.indent, indent == top.indent && list && !top.list && !top.filled:
			f.levels = append(f.levels, level{indent, list, f.n, filled})
			return
		case indent == top.indent && list == top.list:
			top.line, top.filled = f.n, filled
			return
		case indent == top.indent && list:
			f.report(indent+1, 1, "a list item among keys", "indent the list below its key")
			return
		}
		f.levels = f.levels[:len(f.levels)-1]
		if n := len(f.levels); n == 0 || f.levels[n-1].indent < indent {
			f.outdented(indent, top.indent)
			return
		}
	}
	f.levels = append(f.levels, level{indent, list, f.n, filled})
}

// outdented reports a line that goes back to an indentation that no line above has.
func (f *slipFinder) outdented(indent, last int) {
	wants := []string{}
	for _, l := range f.levels {
		if text := strconv.Itoa(l.indent); !slices.Contains(wants, text) {
			wants = append(wants, text)
		}
	}
	f.report(indent+1, 1, fmt.Sprintf("indented by %s, as no line above", spaces(indent)),
		"indent it by "+phrase.Words(append(wants, strconv.Itoa(last)), "or")+" spaces")
}

func spaces(n int) string {
	if n == 1 {
		return "1 space"
	}
	return fmt.Sprintf("%d spaces", n)
}
