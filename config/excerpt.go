package config

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/secret"
)

// An excerpt is the lines of a file, for finding places and for pointing at them. A line that holds a secret, or a part
// of one, is never shown.
type excerpt struct {
	table    *table
	lines    []string
	hidden   map[int]string // by line: the key to show in its place, "" for none
	unparsed bool           // the file is not YAML, so that each line is judged by itself
}

func newExcerpt(text string, t *table) *excerpt {
	return &excerpt{table: t, lines: splitLines(text), hidden: map[int]string{}}
}

// splitLines cuts text where YAML 1.1 ends a line.
func splitLines(text string) []string {
	lines := make([]string, 0, 1+max(strings.Count(text, "\n"), strings.Count(text, "\r")))
	start := 0
	for i, r := range text {
		if i < start {
			continue
		}
		switch r {
		case '\n', '\u0085', '\u2028', '\u2029':
			lines = append(lines, text[start:i])
			start = i + utf8.RuneLen(r)
		case '\r':
			lines = append(lines, text[start:i])
			start = i + 1
			if strings.HasPrefix(text[start:], "\n") {
				start++
			}
		}
	}
	return append(lines, text[start:])
}

// line returns line n, from 1, "" if there is none.
func (e *excerpt) line(n int) string {
	if n < 1 || n > len(e.lines) {
		return ""
	}
	return e.lines[n-1]
}

// indent is the number of runes of white space that line n begins with.
func (e *excerpt) indent(n int) int {
	line := e.line(n)
	if strings.TrimLeft(line, " \t") == "" {
		return 0
	}
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// find returns the first place of text at or after line n, else the beginning of line n.
func (e *excerpt) find(text string, n int) (line, column int) {
	for _, from := range []int{n, 1} {
		for line = from; line <= len(e.lines); line++ {
			if i := strings.Index(e.lines[line-1], text); i >= 0 {
				return line, utf8.RuneCountInString(e.lines[line-1][:i]) + 1
			}
		}
	}
	return n, e.indent(n) + 1
}

// hide keeps the lines from first to last from being shown. A line keeps the first key it is hidden for.
func (e *excerpt) hide(key string, first, last int) {
	for line := first; line <= min(last, len(e.lines)); line++ {
		if _, twice := e.hidden[line]; !twice {
			e.hidden[line] = key
		}
	}
}

// show returns line n, or its key and *** if it can hold a secret. Of a line that is not hidden, the user information
// of a URL is one, wherever it ends, and so is a comment with the name of a secret.
func (e *excerpt) show(n int) (text string, masked bool) {
	line := e.line(n)
	key, masked := e.hidden[n]
	if !masked && e.unparsed {
		key, masked = e.suspect(n)
	}
	if !masked && (strings.Contains(line, "@") || redactURLs(line) != line) {
		key, masked = e.table.keyOf(line), true
	}
	if masked {
		if key != "" {
			key += ": "
		}
		return line[:e.indent(n)] + key + secret.Mask, true
	}
	if at := strings.IndexByte(line, '#'); at >= 0 && e.table.mentionsSecret(line[at:]) {
		line = line[:at] + "# " + secret.Mask
	}
	return line, false
}

var urlText = regexp.MustCompile(`[^\s"',\[\]{}]*(://|@)[^\s"']*`)

// redactURLs masks what is secret in the URLs of a line, whatever key they belong to.
func redactURLs(line string) string {
	return urlText.ReplaceAllStringFunc(line, endpoint.Redact)
}

// redactMessage masks what a text shows of secrets, whatever its key: user information and secret query values of URLs,
// and what is assigned to the name of a secret.
func redactMessage(text string) string {
	if strings.Contains(text, "://") {
		text = redactURLs(text)
	}
	return redactAssigned(text)
}

// redactAssigned masks what stands behind the name of a secret and an equals sign.
func redactAssigned(text string) string {
	var out strings.Builder
	done := 0 // bytes of text that are in out
	for at := strings.IndexByte(text, '='); at >= 0; {
		end := at + 1
		if secret.Name(text[nameStart(text, at):at]) {
			if end = valueEnd(text, at+1); end > at+1 {
				out.WriteString(text[done:at+1] + secret.Mask)
				done = end
			}
		}
		next := strings.IndexByte(text[end:], '=')
		if at = next; next >= 0 {
			at = end + next
		}
	}
	if done == 0 {
		return text
	}
	return out.String() + text[done:]
}

// maxName bounds what is looked at of a name, in bytes.
const maxName = 64

func nameStart(text string, end int) int {
	start := end
	for start > 0 && end-start < maxName && (isNameRune(rune(text[start-1])) || text[start-1] == '.') {
		start--
	}
	return start
}

func valueEnd(text string, start int) int {
	if n := strings.IndexAny(text[start:], " \t\r\n,;&\"'`"); n >= 0 {
		return start + n
	}
	return len(text)
}
