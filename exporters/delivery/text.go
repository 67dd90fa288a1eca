package delivery

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// excerptBytes is how much of a receiver's text is kept.
const excerptBytes = 200

// Excerpt makes text fit for a log: control characters and invalid UTF-8 escaped, at most
// 200 bytes, cut between characters. It is applied to every Outcome.Err; a sender that joins
// several texts applies it to the receiver's before.
func Excerpt(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		part := text[i : i+n]
		if !strconv.IsPrint(r) || (r == utf8.RuneError && n == 1) {
			quoted := strconv.Quote(part)
			part = quoted[1 : len(quoted)-1]
		}
		if b.Len()+len(part) > excerptBytes {
			break
		}
		b.WriteString(part)
		i += n
	}
	return b.String()
}

// panicError describes a recovered panic. Only the runtime's own texts are repeated: those of
// a program may hold the content of spans.
func panicError(place string, value any) error {
	if err, ok := value.(runtime.Error); ok {
		return fmt.Errorf("panic in %s: %w", place, err)
	}
	return fmt.Errorf("panic in %s with a %T", place, value)
}
