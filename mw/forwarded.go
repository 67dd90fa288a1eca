package mw

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/spanroute/spanroute/internal/semattr"
)

// A ForwardedFamily is one of the two ways in which proxies say whom they speak for.
type ForwardedFamily int

const (
	// ForwardedBoth reads both families. If both are sent, a value counts only where they agree, because a proxy
	// that writes one of them passes a forged other one on. It is the default.
	ForwardedBoth ForwardedFamily = iota
	// ForwardedRFC7239 reads only the header Forwarded of RFC 7239.
	ForwardedRFC7239
	// ForwardedX reads only X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
	ForwardedX
)

// maxHops bounds how many trusted proxies are followed.
const maxHops = 32

// proxies knows whose forwarded headers count. The zero value trusts nobody.
type proxies struct {
	prefixes []netip.Prefix
	unix     bool
	family   ForwardedFamily
}

// A claim is what forwarded headers say, "" where they say nothing that can be used.
type claim struct {
	client string // an IP address
	scheme string // http or https
	host   string // host or host:port
}

// read returns what the headers of a request from remoteAddr claim, nothing unless that peer is trusted.
func (p *proxies) read(remoteAddr string, h http.Header) claim {
	if !p.trustsPeer(remoteAddr) {
		return claim{}
	}
	c := p.readTrusted(h)
	c.host = headerOwner(h, "Forwarded", "X-Forwarded-Host").Text(c.host)
	return c
}

func (p *proxies) readTrusted(h http.Header) claim {
	rfcLines := h["Forwarded"]
	xSent := len(h["X-Forwarded-For"])+len(h["X-Forwarded-Proto"])+len(h["X-Forwarded-Host"]) > 0
	useRFC := len(rfcLines) > 0 && p.family != ForwardedX
	useX := xSent && p.family != ForwardedRFC7239
	switch {
	case useRFC && useX:
		return p.rfc7239(rfcLines).agreed(p.x(h))
	case useRFC:
		return p.rfc7239(rfcLines)
	case useX:
		return p.x(h)
	}
	return claim{}
}

func (p *proxies) trustsPeer(remoteAddr string) bool {
	if len(p.prefixes) == 0 && !p.unix {
		return false
	}
	addr, _, ok := semattr.IPPeer(remoteAddr)
	if !ok {
		return p.unix
	}
	ip, err := netip.ParseAddr(addr)
	return err == nil && p.trusts(ip)
}

func (p *proxies) trusts(ip netip.Addr) bool {
	for _, prefix := range p.prefixes {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// agreed keeps what both claims say alike.
func (c claim) agreed(other claim) claim {
	if c.client != other.client {
		c.client = ""
	}
	if c.scheme != other.scheme {
		c.scheme = ""
	}
	if c.host != other.host {
		c.host = ""
	}
	return c
}

// walk goes through n entries from the right, skips trusted proxies and returns the address and position of the
// client: the first other entry, or the leftmost if all are trusted.
func (p *proxies) walk(n int, entry func(i int) string) (client string, at int, ok bool) {
	for i := n - 1; i >= 0 && n-i <= maxHops; i-- {
		ip, usable := parseNode(entry(i))
		if !usable {
			return "", 0, false
		}
		if i == 0 || !p.trusts(ip) {
			return ip.String(), i, true
		}
	}
	return "", 0, false
}

func (p *proxies) x(h http.Header) claim {
	hops := listOf(h["X-Forwarded-For"])
	protos, hosts := listOf(h["X-Forwarded-Proto"]), listOf(h["X-Forwarded-Host"])
	if len(hops) == 0 {
		return claim{scheme: acceptScheme(fromRight(protos, 0)), host: acceptHost(fromRight(hosts, 0))}
	}
	client, at, ok := p.walk(len(hops), func(i int) string { return hops[i] })
	if !ok {
		return claim{}
	}
	distance := len(hops) - 1 - at
	return claim{
		client: client,
		scheme: acceptScheme(fromRight(protos, distance)),
		host:   acceptHost(fromRight(hosts, distance)),
	}
}

// listOf splits the lines of a comma list into trimmed entries.
func listOf(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	entries := strings.Split(strings.Join(lines, ","), ",")
	for i := range entries {
		entries[i] = strings.Trim(entries[i], " \t")
	}
	return entries
}

// fromRight returns the entry at a distance from the right, the leftmost if the list is shorter, "" if it is empty.
func fromRight(entries []string, distance int) string {
	if len(entries) == 0 {
		return ""
	}
	return entries[max(0, len(entries)-1-distance)]
}

func (p *proxies) rfc7239(lines []string) claim {
	elements, ok := splitQuoted(strings.Join(lines, ","), ',')
	if !ok {
		return claim{}
	}
	client, at, ok := p.walk(len(elements), func(i int) string { return parameter(elements[i], "for") })
	if !ok {
		return claim{}
	}
	return claim{
		client: client,
		scheme: acceptScheme(parameter(elements[at], "proto")),
		host:   acceptHost(parameter(elements[at], "host")),
	}
}

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

// unquote returns the content of a quoted string, or a token as it is; "" for anything in between.
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

// parseNode reads an entry: an IPv4 or IPv6 address, quoted or not, bracketed or not, with or without port.
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

// isNodePort reports whether text is nothing, a colon and digits, or a colon and an obfuscated port (RFC 7239,
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

func acceptScheme(text string) string {
	switch {
	case strings.EqualFold(text, "http"):
		return "http"
	case strings.EqualFold(text, "https"):
		return "https"
	}
	return ""
}

func acceptHost(text string) string {
	if _, _, ok := semattr.HostPort(text); !ok {
		return ""
	}
	return text
}
