package configfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
)

// findSlip returns the first slip of a file, nil if it has no known one. It never quotes a value.
//
// How it works: the finder reads line by line and keeps as much of the grammar as the usual mistakes need: the open block
// maps and lists with their indentation, the open brackets, an open quote, and whether a block text continues. A line that
// begins with a known key where a quote or bracket is still open shows that the closing one is missing; a line whose
// indentation fits none of the open blocks shows a wrong indentation. The first finding ends the search, because later
// ones are often consequences of it. The finder runs only on files that are refused anyway, so that it can be wrong about
// rare syntax without refusing a valid file.
func findSlip(ex *Text) *slip {
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

// atEnd reports a quote or bracket that is still open at the end of the file.
func (f *slipFinder) atEnd() {
	switch {
	case f.quote.char != 0:
		f.notClosed(f.quote)
	case len(f.flow) > 0:
		f.notClosed(f.flow[len(f.flow)-1])
	}
}

// readLine reads one line. A line that begins with a known key, indented like the line with the opening quote or
// bracket or less, shows that the closing one is missing.
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
	keyed := f.ex.table.KeyOf(text) != "" && strings.Contains(text, ": ") && keytable.IsNameRune(rune(text[0]))
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
//
// The indentation comes first, because tabs and non-breaking spaces look right in an editor. Then the line is a list
// item, a key, or a text that continues the value above.
func (f *slipFinder) readBlock(indent int) {
	for i, r := range f.line[:min(len(f.line), indent+1)] {
		if r == '\t' && i < indent {
			f.report(i+1, 1, "tab in the indentation", "use spaces")
			return
		}
		if r > unicode.MaxASCII && unicode.IsSpace(r) {
			f.report(i+1, 1, "non-breaking space in the indentation", "use plain spaces")
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
	if end < 0 { // a text, which the next line may continue
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

// fill marks the last key as one with a value.
func (f *slipFinder) fill() {
	if n := len(f.levels); n > 0 {
		f.levels[n-1].filled = true
	}
}

// enter opens, continues or closes blocks for a key or an item at an indentation.
//
// Each level remembers whether its last key has a value on the same line: such a key cannot have a block below it, so
// that a deeper indentation is a mistake of that line or of the one above.
func (f *slipFinder) enter(indent int, list, filled bool) {
	for len(f.levels) > 0 {
		top := &f.levels[len(f.levels)-1]
		switch {
		case indent > top.indent && top.filled && !(top.list && top.line == f.n):
			f.report(indent+1, 1, fmt.Sprintf("indented deeper than line %d, which has a value", top.line),
				fmt.Sprintf("indent it by %s, like that line", spaces(top.indent)))
			return
		case indent > top.indent, indent == top.indent && list && !top.list && !top.filled:
			f.levels = append(f.levels, level{indent, list, f.n, filled})
			return
		case indent == top.indent && list == top.list:
			top.line, top.filled = f.n, filled
			return
		case indent == top.indent && list:
			f.report(indent+1, 1, "list item among keys", "indent the list below its key")
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

// outdented reports a line whose indentation no line above has.
func (f *slipFinder) outdented(indent, last int) {
	wants := []string{}
	for _, l := range f.levels {
		if text := strconv.Itoa(l.indent); !slices.Contains(wants, text) {
			wants = append(wants, text)
		}
	}
	f.report(indent+1, 1, fmt.Sprintf("indented by %s, unlike every line above", spaces(indent)),
		"indent it by "+phrase.Words(append(wants, strconv.Itoa(last)), "or")+" spaces")
}

// spaces returns a count of spaces in words.
func spaces(n int) string {
	if n == 1 {
		return "1 space"
	}
	return fmt.Sprintf("%d spaces", n)
}
