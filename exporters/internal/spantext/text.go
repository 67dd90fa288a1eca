package spantext

import (
	"strings"
	"unicode/utf8"
)

// Repair is the set of changes that a text needed. The zero value is the empty set.
type Repair uint8

const (
	// UTF8 means that bytes which are not UTF-8 became U+FFFD.
	UTF8 Repair = 1 << iota
	// Value means that a NaN or an infinity became a string.
	Value
)

const replacement = "\uFFFD"

// Clean returns s with each run of bytes that are not UTF-8 replaced by one U+FFFD.
// It returns a valid s unchanged, without an allocation.
func Clean(s string) (string, Repair) {
	if utf8.ValidString(s) {
		return s, 0
	}
	return repair(s)
}

// repair is a function of its own so that Clean can be inlined.
func repair(s string) (string, Repair) {
	return strings.ToValidUTF8(s, replacement), UTF8
}

// Cut returns the first limit code points of s, which must be valid UTF-8.
// A limit of 0 or less means none.
func Cut(s string, limit int) string {
	if limit <= 0 || len(s) <= limit {
		return s
	}
	for i := range s {
		if limit == 0 {
			return s[:i]
		}
		limit--
	}
	return s
}

// CutBytes returns the longest head of s that holds at most n bytes and ends between two code points.
func CutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// AppendClean appends s, cleaned and then cut.
func AppendClean(dst []byte, s string, limit int) ([]byte, Repair) {
	s, r := Clean(s)
	return append(dst, Cut(s, limit)...), r
}

// AppendQuoted appends s as a JSON string, cut to limit code points before it is escaped.
// It escapes only what JSON requires.
func AppendQuoted(dst []byte, s string, limit int) ([]byte, Repair) {
	s, r := Clean(s)
	return appendQuoted(dst, Cut(s, limit)), r
}

const digits = "0123456789abcdef"

func appendQuoted(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// AppendEscaped appends valid UTF-8 as the inside of a JSON string. It escapes only what JSON requires.
func AppendEscaped[T string | []byte](dst []byte, text T) []byte {
	plain := 0 // where the bytes begin that are not appended yet
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			dst = appendEscape(append(dst, text[plain:i]...), c)
			plain = i + 1
		}
	}
	return append(dst, text[plain:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xF])
	}
}
