// Package secret has the list of words that mark a name as that of a secret, and masks values. Configuration, endpoints,
// headers, metadata, queries, texts of receivers and registrytest use it, so that a name that is masked in one place is
// masked everywhere.
//
// The list masks rather too much: a value that is masked by mistake can be looked up in its source, a secret that is
// shown by mistake must be replaced.
package secret

import (
	"slices"
	"strings"
)

const (
	// Mask replaces a secret in texts for operators: errors, log lines, printed configurations, excerpts.
	Mask = "***"
	// Redacted replaces a secret in the attributes of a span. The semantic conventions for URLs require this text.
	Redacted = "REDACTED"
)

// A name is that of a secret if one of its words is in words, contains one of parts, or ends in one of endings and is
// not in plain. A word in parts is long enough to be rare in other words, one in words is not.
var (
	words = []string{
		"assertion", "authcode", "authentication", "authn", "authz", "bearer", "certs", "cred", "creds", "csrf", "dpop", "dsn", "hdnea", "hdntl",
		"hdnts", "header", "headers", "hmac", "jwt", "keys", "nonce", "otp", "passwd", "psk", "psw", "pswd", "pwd", "saml", "samlart",
		"samlresponse", "sess", "sid", "ticket", "tkn", "totp", "verifier", "xsrf",
	}
	parts = []string{
		"accesskey", "apikey", "authoriz", "cookie", "credential", "passcode", "passphrase", "passw", "secret", "sessid",
		"session", "signature", "token",
	}
	endings = []string{"key", "pass", "sig", "cert", "auth", "pw"}
	plain   = []string{
		"bypass", "compass", "concert", "donkey", "hockey", "jockey", "lackey", "monkey", "surpass", "trespass", "turkey", "whiskey",
	}
)

// maxWord is the maximum length of the part of a word that is checked at once, in bytes.
const maxWord = 64

// Name reports whether name looks like the name of a secret. It checks each word of name, case-insensitively and
// without the digits at its end. A word ends at a byte that is not an ASCII letter or digit, and where an upper-case
// letter follows a lower-case one; a run of capitals before such a word is a word, too. So api-key, accessKeyId, OTPCode and
// client_secret2 are names of secrets; keyword, author and design are not. Name does not allocate.
func Name(name string) bool {
	var buf [maxWord]byte
	word := buf[:0]
	for i := range len(name) {
		c := name[i]
		upper := isUpper(c)
		if upper {
			c += 'a' - 'A'
		}
		switch {
		case !isLower(c) && !isDigit(c):
			if isSecret(word) {
				return true
			}
			word = buf[:0]
			continue
		case upper && i > 0 && isLower(name[i-1]):
			if isSecret(word) {
				return true
			}
			word = buf[:0]
		case !upper && i > 1 && isUpper(name[i-1]) && isUpper(name[i-2]) && isLower(c): // JWTAssertion: the last capital begins a word
			if isSecret(word[:len(word)-1]) {
				return true
			}
		case len(word) == maxWord:
			if isSecret(word) {
				return true
			}
			word = buf[:copy(word, word[maxWord/2:])]
		}
		word = append(word, c)
	}
	return isSecret(word)
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isSecret reports whether word, in lower case, is that of a secret. The order of the checks is that of their cost.
func isSecret(word []byte) bool {
	for len(word) > 0 && isDigit(word[len(word)-1]) {
		word = word[:len(word)-1]
	}
	if len(word) < 2 { // the shortest of the list
		return false
	}
	for _, w := range startingWith(wordIndex, word[0]) {
		if string(word) == w {
			return true
		}
	}
	for n := range word {
		for _, part := range startingWith(partIndex, word[n]) {
			if len(word)-n >= len(part) && string(word[n:n+len(part)]) == part {
				return true
			}
		}
	}
	return endsSecret(word)
}

// endsSecret reports whether word ends in one of endings and is not an ordinary word that ends so by chance.
func endsSecret(word []byte) bool {
	for _, end := range endings {
		if n := len(word) - len(end); n >= 0 && string(word[n:]) == end {
			return !isPlain(word)
		}
	}
	return false
}

func isPlain(word []byte) bool {
	for _, p := range plain {
		if string(word) == p {
			return true
		}
	}
	return false
}

// An index holds a list by first letter. Query keys are looked up for each request, and most match nothing.
type index ['z' - 'a' + 1][]string

var wordIndex, partIndex = indexed(words), indexed(parts)

func indexed(list []string) *index {
	x := new(index)
	for _, s := range list {
		x[s[0]-'a'] = append(x[s[0]-'a'], s)
	}
	return x
}

func startingWith(x *index, c byte) []string {
	if c < 'a' || c > 'z' {
		return nil
	}
	return x[c-'a']
}

// Redact returns text with every occurrence of each of values replaced by [Mask], the longest value first. Empty
// values are ignored. Callers that shorten a text redact it first, since a cut can leave a part of a secret.
func Redact(text string, values ...string) string { return RedactAs(Mask, text, values...) }

// RedactAs is [Redact] with another mask. The longest value goes first, because a secret that contains another would
// otherwise lose only that part.
func RedactAs(mask, text string, values ...string) string {
	if text == "" || len(values) == 0 {
		return text
	}
	byLength := slices.Clone(values)
	slices.SortStableFunc(byLength, func(a, b string) int { return len(b) - len(a) })
	for _, value := range byLength {
		if value != "" {
			text = strings.ReplaceAll(text, value, mask)
		}
	}
	return text
}
