package configfile

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/spanroute/spanroute/internal/keytable"
)

// readValue reads the rest of a line: a value, or the inside of brackets and quotes. fresh is true where a value can
// begin. indent is that of the key.
//
// It follows quotes and brackets over several lines and reports what cannot come next: text after a closed quote, a key
// without a comma before it, a closing bracket of another kind, and characters that YAML reserves at the beginning of a
// value.
func (f *slipFinder) readValue(at int, fresh bool, indent int) {
	done := false // a quote or the last bracket was closed, so that the value has ended
	for i := at; i < len(f.line) && f.found == nil; i++ {
		r := f.line[i]
		switch {
		case f.quote.char != 0:
			if i = f.readQuoted(i); f.quote.char == 0 {
				done = true
			}
		case r == ' ' || r == '\t':
		case r == '#' && (i == 0 || f.line[i-1] == ' ' || f.line[i-1] == '\t'):
			return
		case len(f.flow) > 0 && strings.ContainsRune(",:]}", r):
			fresh, done = f.inFlow(r, i, done)
		case done:
			f.report(i+1, 1, "unexpected text after a value", "quote the whole value, or remove the text")
		case fresh && (r == '"' || r == '\''):
			f.quote, fresh = bracket{r, f.n, i + 1, indent, true, false}, false
		case (fresh || len(f.flow) > 0) && (r == '{' || r == '['):
			f.opened(r, i, indent)
			fresh = true
		case fresh:
			skip := 0
			if fresh, skip = f.begin(r, i, indent); skip < 0 {
				return
			}
			i += skip
		case len(f.flow) == 0 && r == ':' && (i+1 == len(f.line) || f.line[i+1] == ' ') && f.keyed:
			f.report(i+1, 1, `second ": " on one line`, "quote the value")
		}
	}
}

// opened reads an opening bracket. Two braces are a template that was not rendered.
func (f *slipFinder) opened(r rune, i, indent int) {
	if f.has(i, "{{") {
		f.report(i+1, 2, "unrendered template", "render the file before it is read, or quote the value")
		return
	}
	f.flow = append(f.flow, bracket{char: r, line: f.n, column: i + 1, indent: indent, keyed: f.keyed})
}

// readQuoted reads one character of a quoted text and returns the index of the last that it took.
func (f *slipFinder) readQuoted(i int) int {
	switch r := f.line[i]; {
	case r == f.quote.char && r == '\'' && i+1 < len(f.line) && f.line[i+1] == '\'':
		return i + 1
	case r == f.quote.char:
		f.quote = bracket{}
	case r == '\\' && f.quote.char == '"' && i+1 < len(f.line):
		f.escape(i)
		return i + 1
	}
	return i
}

// escape checks the escape that begins with the backslash at i.
func (f *slipFinder) escape(i int) {
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[f.line[i+1]]
	good := digits > 0 || strings.ContainsRune("0abt\tnvfre \"'\\N_LP", f.line[i+1])
	for n := range digits {
		good = good && i+2+n < len(f.line) && unicode.Is(unicode.ASCII_Hex_Digit, f.line[i+2+n])
	}
	if !good {
		f.report(i+1, 2, "unknown escape sequence", "use single quotes, or write two backslashes")
	}
}

// inFlow reads a character that separates items inside brackets.
func (f *slipFinder) inFlow(r rune, i int, done bool) (fresh, ended bool) {
	top := &f.flow[len(f.flow)-1]
	switch {
	case r == ',':
		top.colon = false
		return true, false
	case r == ':':
		if !done && i+1 < len(f.line) && !strings.ContainsRune(" \t,]}", f.line[i+1]) {
			return false, done // inside a text, such as http://h
		}
		if top.colon && top.char == '{' {
			f.missingComma(i)
		}
		top.colon = true
		return true, false
	case r != closing[top.char]:
		f.report(i+1, 1, fmt.Sprintf("%c closes the %c of line %d, column %d", r, top.char, top.line, top.column), "write "+string(closing[top.char])+" before it")
	}
	f.flow = f.flow[:len(f.flow)-1]
	return false, true
}

// missingComma reports a second key within an item, at the beginning of its name.
func (f *slipFinder) missingComma(colon int) {
	start := colon
	for start > 0 && !strings.ContainsRune(" \t,{[", f.line[start-1]) {
		start--
	}
	f.report(start+1, max(1, colon-start), "no comma before this key", "write one")
}

// begin reads the first character of a value that is neither quoted nor in brackets. skip is the number of characters to
// skip, -1 for the rest of the line.
func (f *slipFinder) begin(r rune, i, indent int) (fresh bool, skip int) {
	switch {
	case r == '@' || r == '`' || r == '%' && len(f.flow) == 0:
		f.report(i+1, 1, fmt.Sprintf("value begins with %c, which YAML reserves", r), "quote the value")
	case r == '*' && (i+1 == len(f.line) || !keytable.IsNameRune(f.line[i+1])):
		f.report(i+1, 1, "value begins with *, which makes it an alias", "quote the value")
	case r == '}' || r == ']':
		f.report(i+1, 1, fmt.Sprintf("%c without its opening bracket", r), "remove it")
	case r == '-' && len(f.flow) == 0 && f.has(i, "- ") && f.keyed:
		f.report(i+1, 1, "list item on the line of its key", "begin the list on the next line, or write [a, b]")
	case (r == '|' || r == '>') && len(f.flow) == 0:
		f.block = indent + 1
		return false, -1
	case r == '&' || r == '!':
		for i+skip+1 < len(f.line) && f.line[i+skip+1] != ' ' {
			skip++
		}
		return true, skip
	}
	return false, 0
}
