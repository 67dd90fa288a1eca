package endpoint

import (
	"net/url"
	"strings"

	"github.com/spanroute/spanroute/internal/secret"
)

// Redact returns text, a URL or anything that was meant to be one, with user information and the query
// values whose name is that of a secret replaced by ***.
func Redact(text string) string {
	body, query := text, ""
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		body, query = text[:i], text[i:]
	}
	if strings.Contains(query, "@") && !strings.Contains(body, "@") && brokenAuthority(body) {
		i := strings.LastIndexByte(text, '@')
		return schemePart(text) + secret.Mask + text[i:]
	}
	return redactUser(body) + redactQuery(query)
}

func schemePart(text string) string {
	if i := strings.Index(text, "://"); i >= 0 {
		return text[:i+3]
	}
	if strings.HasPrefix(text, "//") {
		return "//"
	}
	return ""
}

// redactUser masks what stands before the last @ of the authority; in a password with an unescaped slash
// that is further right than the authority ends.
func redactUser(body string) string {
	scheme := schemePart(body)
	rest := body[len(scheme):]
	end := strings.IndexByte(rest, '/')
	if end < 0 || brokenAuthority(body) {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return body
	}
	return scheme + secret.Mask + rest[at:]
}

// brokenAuthority reports whether the authority has a colon with no port behind it, as user:pass has that
// was cut short by a delimiter in the password.
func brokenAuthority(body string) bool {
	rest := body[len(schemePart(body)):]
	hostPort, _, _ := strings.Cut(rest, "/")
	if strings.Contains(hostPort, "@") || strings.HasPrefix(hostPort, "[") {
		return false
	}
	_, port, colon := strings.Cut(hostPort, ":")
	return colon && !allDigits(port)
}

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

func secretName(name string) bool {
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	return secret.Name(name)
}
