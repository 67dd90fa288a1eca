package forwarded

import (
	"net/netip"
	"strings"

	"github.com/spanroute/spanroute/internal/semattr"
)

// parameter returns the value of name in one element of a Forwarded header, "" if it is absent, given twice or
// badly quoted.
func parameter(element, name string) string {
	pairs, ok := splitQuoted(element, ';')
	if !ok {
		return ""
	}
	value, seen := "", false
	for _, pair := range pairs {
		key, text, found := strings.Cut(pair, "=")
		if !found || !strings.EqualFold(strings.Trim(key, " \t"), name) {
			continue
		}
		if seen {
			return ""
		}
		value, seen = unquote(strings.Trim(text, " \t")), true
	}
	return value
}

// splitQuoted splits text at sep outside of quoted strings; ok is false if a quoted string has no end.
func splitQuoted(text string, sep byte) (parts []string, ok bool) {
	quoted, start := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:]), !quoted
}

// unquote returns the content of a quoted string, or a token unchanged, and "" for anything else.
func unquote(text string) string {
	if !strings.Contains(text, `"`) {
		return text
	}
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return ""
	}
	text = text[1 : len(text)-1]
	if !strings.ContainsAny(text, `"\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '"' {
			return ""
		}
		if text[i] == '\\' {
			if i++; i == len(text) {
				return ""
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// parseNode parses an entry: an IPv4 or IPv6 address, quoted or not, bracketed or not, with or without port. Obfuscated
// identifiers and "unknown" of RFC 7239 are not addresses. A zone is removed, because it has a meaning only on the host
// that wrote it.
func parseNode(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	if strings.HasPrefix(text, `"`) {
		text = unquote(text)
	}
	host, port := text, ""
	if rest, ok := strings.CutPrefix(text, "["); ok {
		inside, after, closed := strings.Cut(rest, "]")
		if !closed || !strings.Contains(inside, ":") {
			return netip.Addr{}, false
		}
		host, port = inside, after
	} else if strings.Count(text, ":") == 1 {
		i := strings.IndexByte(text, ':')
		host, port = text[:i], text[i:]
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !isNodePort(port) {
		return netip.Addr{}, false
	}
	return ip.Unmap().WithZone(""), true
}

// isNodePort reports whether text is empty, a colon and digits, or a colon and an obfuscated port (RFC 7239,
// section 6).
func isNodePort(text string) bool {
	if text == "" {
		return true
	}
	digits, ok := strings.CutPrefix(text, ":")
	if !ok || digits == "" {
		return false
	}
	if digits[0] == '_' {
		return len(digits) > 1
	}
	return strings.Trim(digits, "0123456789") == "" && len(digits) <= 5
}

// acceptScheme returns a scheme in lower case, and "" for any but http and https, so that a header cannot put other
// text into url.scheme.
func acceptScheme(text string) string {
	switch {
	case strings.EqualFold(text, "http"):
		return "http"
	case strings.EqualFold(text, "https"):
		return "https"
	}
	return ""
}

// acceptHost returns text if it is a valid host or host:port, and "" otherwise.
func acceptHost(text string) string {
	if _, _, ok := semattr.HostPort(text); !ok {
		return ""
	}
	return text
}
