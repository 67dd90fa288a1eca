package phrase

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotedRunes is the maximum length of a value in an error.
const quotedRunes = 64

// Quote returns text in double quotes for an error, cut at 64 runes. Control characters, other unprintable characters
// and invalid UTF-8 are escaped. Backslashes are not, because patterns have many of them. text must not be the value of
// a secret key.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for n := 0; text != ""; n++ {
		if n == quotedRunes {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		writeRune(&b, r, text[:size])
		text = text[size:]
	}
	b.WriteByte('"')
	return b.String()
}

// Name returns the part of text that can be the name of a key or a header: letters, digits and the characters "_-./",
// at most 64. An ellipsis replaces the rest, which can be a value: in YAML, a colon without a space after it makes key
// and value one name, such as "password:x".
func Name(text string) string {
	n := 0
	for i, r := range text {
		if n == quotedRunes || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./", r) {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// writeRune writes r, or its escape as Go writes it. raw holds its bytes, which differ from the encoding of r in
// invalid UTF-8.
func writeRune(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '"':
		b.WriteString(`\"`)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < 0x80 && !unicode.IsPrint(r):
		fmt.Fprintf(b, `\x%02x`, r)
	case !unicode.IsPrint(r):
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		b.WriteString(raw)
	}
}

// Words joins words as in a sentence: "grpc, http or http/json".
func Words(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
