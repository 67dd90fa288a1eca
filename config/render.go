package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the diagnostics with the line of the file and a caret below. color adds terminal colours. Secrets are
// masked in lines too.
//
// The line is shown unchanged, except for secrets and for characters that would move the cursor of a
// terminal. A long line is cut around the caret.
func (ds Diagnostics) WriteText(w io.Writer, color bool) error {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.render(&b, color)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// render writes one diagnostic: severity and kind, the sentence, the place, the line with a caret, and related places.
func (d Diagnostic) render(b *strings.Builder, color bool) {
	head := d.Severity.String()
	if d.Kind != "" {
		head += "[" + string(d.Kind) + "]"
	}
	if color {
		code := "31"
		if d.Severity == Warning {
			code = "33"
		}
		head = "\x1b[1;" + code + "m" + head + "\x1b[0m"
	}
	fmt.Fprintf(b, "%s: %s\n", head, d.sentence())
	if place := d.place(); place != "" {
		fmt.Fprintf(b, "  --> %s\n", place)
	}
	if d.Origin.text != nil && d.Origin.Line > 0 && d.Origin.text.Line(d.Origin.Line) != "" {
		d.point(b)
	}
	for _, s := range d.Related {
		fmt.Fprintf(b, "  see %s\n", s.place())
	}
}

// maxExcerpt is how many runes of a line are shown: a minified file is one long line.
const maxExcerpt = 160

// point writes the line and the caret. Tabs become spaces so that the caret stays in place. A line that is not shown
// has no caret: its place is in the address.
func (d Diagnostic) point(b *strings.Builder) {
	s := d.Origin
	text, masked := s.text.Show(s.Line)
	runes := []rune(strings.ReplaceAll(text, "\t", " "))
	if masked {
		fmt.Fprintf(b, "%4d | %s\n", s.Line, clean(runes[max(0, len(runes)-maxExcerpt):]))
		return
	}
	column := min(s.Column, len(runes)+1)
	width := max(1, min(s.width, len(runes)-column+1))
	if len(runes) > maxExcerpt {
		start := max(0, column-maxExcerpt/2)
		end := min(len(runes), start+maxExcerpt)
		runes, column, width = runes[start:end], column-start, min(width, end-column+1)
	}
	fmt.Fprintf(b, "%4d | %s\n", s.Line, clean(runes))
	fmt.Fprintf(b, "     | %s%s\n", strings.Repeat(" ", column-1), strings.Repeat("^", max(1, width)))
}

// clean replaces characters that would move a terminal's cursor.
func clean(runes []rune) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 && r != 0x85 || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, string(runes))
}
