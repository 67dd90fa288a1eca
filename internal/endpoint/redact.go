package endpoint

import (
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
)

// Redact returns text, a URL or an attempt at one, with everything between the scheme and the last @ replaced by
// ***, and the values of query parameters whose name is that of a secret. It does not look for the end of the
// authority: a password with an unescaped delimiter, or a scheme without its colon, moves that end to the left of
// the password. So an @ in a path masks the host too, and so does one that is escaped where it must not be.
func Redact(text string) string {
	scheme := schemePart(text)
	masked, rest := scheme, text[len(scheme):]
	if at := userEnd(rest); at >= 0 {
		masked, rest = scheme+secret.Mask, rest[at:]
	}
	if i := strings.IndexAny(rest, "?#&;"); i >= 0 {
		return masked + rest[:i] + redactQuery(rest[i:])
	}
	return masked + rest
}

// userEnd returns the index of the last @ in text, or of an escaped one outside the query, and -1 without either.
func userEnd(text string) int {
	before, _, _ := strings.Cut(text, "?")
	return max(strings.LastIndexByte(text, '@'), strings.LastIndex(before, "%40"))
}

// schemes are the schemes that Redact shows before user information. Another word there can be a part of a password.
var schemes = []string{"http://", "https://", "//", "dns://", "unix://", "passthrough://", "grpc://", "grpcs://", "udp://", "tcp://"}

func schemePart(text string) string {
	for _, scheme := range schemes {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return text[:len(scheme)]
		}
	}
	return ""
}

// redactQuery masks values in text, which begins with a delimiter of a query or fragment. It splits at every delimiter
// that some parser accepts, since a pair that is taken for two shows no more than one that is recognized.
func redactQuery(query string) string {
	var b strings.Builder
	for query != "" {
		end := strings.IndexAny(query[1:], "&;#?") + 1
		if end == 0 {
			end = len(query)
		}
		name, value, ok := strings.Cut(query[:end], "=")
		if b.WriteString(name); ok {
			b.WriteByte('=')
			if value != "" && secretName(name) {
				value = secret.Mask
			}
			b.WriteString(value)
		}
		query = query[end:]
	}
	return b.String()
}

// secretName reports whether the name of a query parameter, which may be escaped, is that of a secret.
func secretName(name string) bool {
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	return secret.Name(name)
}
