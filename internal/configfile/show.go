package configfile

import (
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/secret"
)

// Show returns line n, or its key and *** if the line can hold a secret. On a line that is not hidden, user information of a
// URL and a comment with the name of a secret are secrets too.
//
// The whole value is replaced, never a part of it. Finding the exact end of a secret in a line that may not even be
// YAML has many exceptions; the position in the address of the diagnostic is enough to find the mistake.
func (e *Text) Show(n int) (text string, masked bool) {
	line := e.Line(n)
	key, masked := e.hidden[n]
	if !masked && e.unparsed {
		key, masked = e.suspect(n)
	}
	if !masked && (strings.Contains(line, "@") || endpoint.RedactURLs(line) != line) {
		key, masked = e.table.KeyOf(line), true
	}
	if masked {
		if key != "" {
			key += ": "
		}
		return line[:e.indent(n)] + key + secret.Mask, true
	}
	if at := strings.IndexByte(line, '#'); at >= 0 && e.table.MentionsSecret(line[at:]) {
		line = line[:at] + "# " + secret.Mask
	}
	return line, false
}

// suspect reports whether line n of a file that is not YAML can hold a secret, with the known key that the line begins with.
// A secret begins on a line with the name of one, or with a URL in an open quote, since that can have a password. It ends
// before the next line that begins with another known key and is not indented deeper. If a quote or a bracket is open, the
// secret does not end.
//
// It reads all lines before n again for each line that is shown. A file has at most 50 diagnostics, so that this is not
// a cost to avoid.
func (e *Text) suspect(n int) (key string, suspected bool) {
	within, indent := false, 0
	endless := false
	for i := 1; i <= n; i++ {
		line := e.Line(i)
		trimmed := strings.TrimSpace(line)
		key = e.table.KeyOf(line)
		named := e.table.MentionsSecret(line) || strings.Contains(line, "://") && openQuote(line)
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

// openQuote reports whether text has an odd number of quotes of one kind, so that one can be open at its end. An
// apostrophe in plain text counts too, so that such a line is hidden in vain.
func openQuote(text string) bool {
	return strings.Count(text, `"`)%2 == 1 || strings.Count(text, "'")%2 == 1
}

// assigns reports whether text sets a secret in another syntax, such as password=x.
func assigns(text string) bool {
	for {
		end := strings.IndexAny(text, ":=")
		if end < 0 {
			return false
		}
		if secret.Name(text[:end]) {
			return true
		}
		text = text[end+1:]
	}
}
