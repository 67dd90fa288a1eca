package keytable

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
)

// HasWord reports whether word is the name of a key or section.
func (t *Table) HasWord(word string) bool { return t.words[word] }

// KeyOf returns the known key that a line begins with, "" if it begins with anything else.
func (t *Table) KeyOf(line string) string {
	name := strings.TrimLeft(line, " \t-?{\"'")
	end := strings.IndexFunc(name, func(r rune) bool { return !IsNameRune(r) })
	if end < 0 || !t.words[name[:end]] {
		return ""
	}
	return name[:end]
}

// IsSecret reports whether name is the name of a secret, or a misspelt one.
func (t *Table) IsSecret(name string) bool {
	if secret.Name(name) || strings.Contains(strings.ToLower(name), "pw") {
		return true
	}
	_, near := phrase.Nearest(name, t.secrets)
	return near
}

// MentionsSecret reports whether one of the words of line is the name of a secret.
func (t *Table) MentionsSecret(line string) bool {
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return !IsNameRune(r) }) {
		if t.IsSecret(word) {
			return true
		}
	}
	return false
}

// IsNameRune reports whether names of keys, variables and headers usually contain r.
func IsNameRune(r rune) bool {
	return r == '_' || r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
