package delivery

import (
	"fmt"
	"runtime"

	"github.com/spanroute/spanroute/internal/escape"
)

// excerptBytes is how much of a receiver's text is kept.
const excerptBytes = 200

// Excerpt returns the first 200 bytes of text in a form that a log can hold: a character that is not printable
// (control, format and bidirectional characters among them) and a byte that is not UTF-8 are escaped as in a Go string
// literal. It cuts between characters and never inside an escape. The engine applies it to every Outcome.Err; a
// sender that joins several texts applies it to the receiver's text first.
func Excerpt(text string) string {
	var out []byte
	for text != "" {
		longer, n := escape.First(out, text)
		if len(longer) > excerptBytes {
			break
		}
		out, text = longer, text[n:]
	}
	return string(out)
}

// panicError describes a recovered panic. Only the runtime's own texts are repeated: those of
// a program may hold the content of spans.
func panicError(place string, value any) error {
	if err, ok := value.(runtime.Error); ok {
		return fmt.Errorf("panic in %s: %w", place, err)
	}
	return fmt.Errorf("panic in %s with a %T", place, value)
}
