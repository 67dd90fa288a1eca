// Package forwarded reads the headers in which reverse proxies report the client, the scheme and the host of a request:
// Forwarded of RFC 7239, and X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
//
// Any client can send these headers. They are read only from peers that are trusted, and only as far as trusted proxies
// wrote them: each proxy appends its peer, so the entries are followed from the right until the first that is not a
// trusted proxy. That entry is the client; scheme and host are those at the same position. A header that cannot be
// parsed has no information.
package forwarded

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/spanroute/spanroute/internal/semattr"
)

// A Family is one of the two sets of headers.
type Family int

const (
	// Both reads both families. If both are sent, a value counts only if they agree, because a proxy that writes one of
	// them passes on a forged header of the other.
	Both Family = iota
	// RFC7239 reads only Forwarded.
	RFC7239
	// X reads only X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
	X
)

// maxHops bounds the number of trusted proxies that are followed.
const maxHops = 32

// Proxies are the peers whose headers are read. The zero value trusts none.
type Proxies struct {
	Prefixes  []netip.Prefix // IPv4 prefixes are not IPv4-mapped, see [Unmap]
	UnixPeers bool           // trust peers without an IP address
	Family    Family
}

// Unmap returns p as an IPv4 prefix if it is an IPv4-mapped one.
func Unmap(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// Info is the information in the headers of a request. A field without usable information is "".
type Info struct {
	Client string // an IP address
	Scheme string // http or https
	Host   string // host or host:port, a part of a header value
}

// Read returns the information in h, the headers of a request from remoteAddr: none unless that peer is trusted.
func (p *Proxies) Read(remoteAddr string, h http.Header) Info {
	if !p.trustsPeer(remoteAddr) {
		return Info{}
	}
	useRFC := len(h["Forwarded"]) > 0 && p.Family != X
	useX := sentX(h) && p.Family != RFC7239
	switch {
	case useRFC && useX:
		return p.rfc7239(h["Forwarded"]).agreed(p.x(h))
	case useRFC:
		return p.rfc7239(h["Forwarded"])
	case useX:
		return p.x(h)
	}
	return Info{}
}

// Headers are the names of the headers that Info.Host may be a part of.
var Headers = []string{"Forwarded", "X-Forwarded-Host"}

// sentX reports whether the request has a header of the family X.
func sentX(h http.Header) bool {
	return len(h["X-Forwarded-For"])+len(h["X-Forwarded-Proto"])+len(h["X-Forwarded-Host"]) > 0
}

// trustsPeer reports whether the headers of a request from remoteAddr are read. An address without an IP, such as "@",
// is that of a unix socket, or of a listener in a test.
func (p *Proxies) trustsPeer(remoteAddr string) bool {
	if len(p.Prefixes) == 0 && !p.UnixPeers {
		return false
	}
	addr, _, ok := semattr.IPPeer(remoteAddr)
	if !ok {
		return p.UnixPeers
	}
	ip, err := netip.ParseAddr(addr)
	return err == nil && p.trusts(ip)
}

// trusts reports whether ip is the address of a trusted proxy. The prefixes are few, so a list is faster than a tree.
func (p *Proxies) trusts(ip netip.Addr) bool {
	for _, prefix := range p.Prefixes {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// agreed returns the fields that are equal in c and other.
func (c Info) agreed(other Info) Info {
	if c.Client != other.Client {
		c.Client = ""
	}
	if c.Scheme != other.Scheme {
		c.Scheme = ""
	}
	if c.Host != other.Host {
		c.Host = ""
	}
	return c
}

// walk goes through n entries from the right, skips trusted proxies and returns the address and position of the
// Client: the first other entry, or the leftmost if all are trusted.
func (p *Proxies) walk(n int, entry func(i int) string) (client string, at int, ok bool) {
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

// x reads the family X. Without X-Forwarded-For the number of hops is unknown, and the rightmost scheme and host are
// those that the trusted peer wrote. With it, they are at the same distance from the right as the client. Of a
// shorter list the leftmost entry counts: the first proxy that writes the header may not be the first that is passed.
func (p *Proxies) x(h http.Header) Info {
	hops := listOf(h["X-Forwarded-For"])
	protos, hosts := listOf(h["X-Forwarded-Proto"]), listOf(h["X-Forwarded-Host"])
	if len(hops) == 0 {
		return Info{Scheme: acceptScheme(fromRight(protos, 0)), Host: acceptHost(fromRight(hosts, 0))}
	}
	client, at, ok := p.walk(len(hops), func(i int) string { return hops[i] })
	if !ok {
		return Info{}
	}
	distance := len(hops) - 1 - at
	return Info{
		Client: client,
		Scheme: acceptScheme(fromRight(protos, distance)),
		Host:   acceptHost(fromRight(hosts, distance)),
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

// rfc7239 reads the header Forwarded, in which each element holds all that one proxy reports. Lines of one header form
// one list (RFC 9110 section 5.3).
func (p *Proxies) rfc7239(lines []string) Info {
	elements, ok := splitQuoted(strings.Join(lines, ","), ',')
	if !ok {
		return Info{}
	}
	client, at, ok := p.walk(len(elements), func(i int) string { return parameter(elements[i], "for") })
	if !ok {
		return Info{}
	}
	return Info{
		Client: client,
		Scheme: acceptScheme(parameter(elements[at], "proto")),
		Host:   acceptHost(parameter(elements[at], "host")),
	}
}
