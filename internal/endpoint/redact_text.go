package endpoint

import (
	"regexp"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
)

// urlText matches what may be a URL with a secret: text around :// or after an @, up to a space or quote.
var urlText = regexp.MustCompile(`[^\s"',\[\]{}]*(://|@)[^\s"']*`)

// RedactURLs applies [Redact] to each URL in a text.
func RedactURLs(text string) string { return urlText.ReplaceAllStringFunc(text, Redact) }

// RedactText masks the secrets that a text shows whatever key it belongs to: user information and secret query values
// of URLs, and what is assigned to the name of a secret. It is for texts of unknown origin, such as the value of a key
// that does not exist, where nothing is known about which key is secret.
func RedactText(text string) string {
	if strings.Contains(text, "://") {
		text = RedactURLs(text)
	}
	return redactAssigned(text)
}

// redactAssigned masks each value that is assigned to the name of a secret, as in password=x.
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

// maxName bounds the bytes of a name that are looked at.
const maxName = 64

// nameStart returns the index at which the name that ends at end begins.
func nameStart(text string, end int) int {
	start := end
	for start > 0 && end-start < maxName && isNameByte(text[start-1]) {
		start--
	}
	return start
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// valueEnd returns the index of the first delimiter after start, or the length of text.
func valueEnd(text string, start int) int {
	if n := strings.IndexAny(text[start:], " \t\r\n,;&\"'`"); n >= 0 {
		return start + n
	}
	return len(text)
}
