package config

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
)

// suspect reports whether line n of a file that is not YAML can hold a secret, with the key that the line begins with
// if it is a known one. A secret begins on a line with the name of one, or with a
// URL in a quote that is open, since that can have a password. It ends before the next line that begins with
// another known key and is not indented deeper; if a quote or a bracket is open, it does not end.
func (e *excerpt) suspect(n int) (key string, suspected bool) {
	within, indent := false, 0
	endless := false
	for i := 1; i <= n; i++ {
		line := e.line(i)
		trimmed := strings.TrimSpace(line)
		key = e.table.keyOf(line)
		named := e.table.mentionsSecret(line) || strings.Contains(line, "://") && openQuote(line)
		if within && key != "" && !named && !endless && !tabbed(line) && e.indent(i) <= indent {
			within = false
		}
		suspected = trimmed != "" && (named || within)
		comment := strings.HasPrefix(trimmed, "#")
		if !named || comment && !assigns(trimmed) {
			continue
		}
		within, endless = true, endless || open(trimmed)
		if comment { // it can be the first line of a longer value
			indent = len(line)
		} else if indent = max(indent, e.indent(i)); key != "" {
			indent = e.indent(i)
		}
	}
	return key, suspected
}

// keyOf returns the known key that a line begins with, "" if there is none.
func (t *table) keyOf(line string) string {
	name := strings.TrimLeft(line, " \t-?{\"'")
	end := strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) })
	if end < 0 || !t.words[name[:end]] {
		return ""
	}
	return name[:end]
}

// isSecret reports whether name is the name of a secret, or a misspelt one.
func (t *table) isSecret(name string) bool {
	if secret.Name(name) || strings.Contains(strings.ToLower(name), "pw") {
		return true
	}
	_, near := phrase.Nearest(name, t.secrets)
	return near
}

// mentionsSecret reports whether one of the words of line is the name of a secret.
func (t *table) mentionsSecret(line string) bool {
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return !isNameRune(r) }) {
		if t.isSecret(word) {
			return true
		}
	}
	return false
}

func isNameRune(r rune) bool {
	return r == '_' || r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// tabbed reports whether the indentation of line has a tab, so that its depth is not certain.
func tabbed(line string) bool {
	return strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t")
}

// open reports whether a quote or a bracket of text can be open at its end.
func open(text string) bool {
	opened := strings.Count(text, "{") + strings.Count(text, "[")
	closed := strings.Count(text, "}") + strings.Count(text, "]")
	return opened != closed || openQuote(text)
}

func openQuote(text string) bool {
	return strings.Count(text, `"`)%2 == 1 || strings.Count(text, "'")%2 == 1
}
