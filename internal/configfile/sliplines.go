package configfile

import (
	"fmt"
	"strings"
)

// A slipFinder reads the lines of a file until it finds a slip. See findSlip.
//
// Its methods are in three files: this one has the state and reads parts of lines, slipvalue.go reads values,
// and slipblock.go reads lines and blocks.
type slipFinder struct {
	ex    *Text
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

// A bracket is an opening bracket or quote. A missing one is reported where the opened one is, because that is the line
// to correct.
type bracket struct {
	char                 rune
	line, column, indent int
	keyed                bool // a key is before it on its line
	colon                bool // the item that is read has a colon
}

// report keeps the first slip. It is on the current line.
func (f *slipFinder) report(column, width int, message, hint string) {
	if f.found == nil {
		f.found = &slip{f.n, column, width, message, hint}
	}
}

// notClosed reports a quote or bracket at the place where it opens.
func (f *slipFinder) notClosed(b bracket) {
	what := fmt.Sprintf("%c is not closed", b.char)
	hint := "close it on the same line"
	if b.char == '{' || b.char == '[' {
		hint = "add " + string(closing[b.char])
	}
	f.found = &slip{b.line, b.column, 1, what, hint}
}

var closing = map[rune]rune{'{': '}', '[': ']'}

// has reports whether the line continues with text at an index.
func (f *slipFinder) has(at int, text string) bool {
	return at < len(f.line) && strings.HasPrefix(string(f.line[at:min(len(f.line), at+len(text))]), text)
}

// keyEnd returns the index of the colon of the key that begins at an index, -1 if no key begins there.
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
