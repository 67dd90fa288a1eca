// Package glob compares texts with patterns in which * stands for any characters.
package glob

import "strings"

// Match reports whether pattern matches the whole text. It does not allocate. It takes time linear in the length of text
// for each star, also for hostile texts: the leftmost match of each part between stars suffices, because only the first and
// the last part have a fixed position.
func Match(pattern, text string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	for ok {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part)
		rest = after
	}
	return false
}
