// Package escape replaces the characters that a terminal or a log viewer acts on or hides: control characters,
// bidirectional controls, zero-width and other format characters, separators other than the space, and
// unassigned code points. Log lines and the console exporter use it, so that texts of clients and receivers cannot
// control the terminal that shows them.
package escape

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// First appends the first character of text to dst, escaped as in a Go string literal (\x1b, \u202e) unless it is
// printable, and returns the number of bytes of text that it used. A byte that is not UTF-8 is a character of its own.
// text must not be empty.
func First(dst []byte, text string) ([]byte, int) {
	r, n := utf8.DecodeRuneInString(text)
	if strconv.IsPrint(r) && (r != utf8.RuneError || n > 1) {
		return append(dst, text[:n]...), n
	}
	start := len(dst)
	dst = strconv.AppendQuote(dst, text[:n])
	return append(dst[:start], dst[start+1:len(dst)-1]...), n
}

// JSON returns text, which must be valid JSON in UTF-8 without line breaks between its tokens, with each character
// that is not printable as a \u escape. A decoder reads the same value. Without such a character it returns text
// itself and does not allocate.
func JSON(text []byte) []byte {
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		if !strconv.IsPrint(r) {
			return appendJSON(append(make([]byte, 0, len(text)+len(text)/4), text[:i]...), text[i:])
		}
		i += n
	}
	return text
}

func appendJSON(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if strconv.IsPrint(r) {
			dst = append(dst, text[:n]...)
		} else {
			dst = appendUnits(dst, r)
		}
		text = text[n:]
	}
	return dst
}

// appendUnits appends the \u escapes of r, two of them for a character beyond U+FFFF.
func appendUnits(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	for _, unit := range utf16.AppendRune(nil, r) {
		dst = append(dst, '\\', 'u', hex[unit>>12], hex[unit>>8&0xF], hex[unit>>4&0xF], hex[unit&0xF])
	}
	return dst
}
