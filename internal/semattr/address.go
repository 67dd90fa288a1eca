package semattr

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// HostPort parses the name of a server: host, host:port, [v6] or [v6]:port. The port is 0 if it is missing or not in
// 1-65535; a port is never guessed. ok is false for any other form, such as a:b:c. A host that is a small part of text
// is a copy.
func HostPort(text string) (host string, port int, ok bool) {
	if strings.HasPrefix(text, "[") {
		return bracketed(text)
	}
	host, digits, found := strings.Cut(text, ":")
	if !isHost(host) {
		return "", 0, false
	}
	if !found {
		return host, 0, true
	}
	port, ok = parsePort(digits)
	if !ok {
		return "", 0, false
	}
	return Part(text, host), port, true
}

func bracketed(text string) (host string, port int, ok bool) {
	host, rest, found := strings.Cut(text[1:], "]")
	if !found || !isIPv6(host) {
		return "", 0, false
	}
	if rest == "" {
		return host, 0, true
	}
	if rest[0] != ':' {
		return "", 0, false
	}
	if port, ok = parsePort(rest[1:]); !ok {
		return "", 0, false
	}
	return Part(text, host), port, true
}

// isIPv6 also checks for valid UTF-8, because netip accepts any bytes as a zone.
func isIPv6(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Is6() && utf8.ValidString(text)
}

// parsePort parses the digits after a colon. Without digits, or for a number out of range, it returns the port 0. ok
// is false for other characters.
func parsePort(digits string) (port int, ok bool) {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > 65535 {
		return 0, true
	}
	return n, true
}

// isHost reports whether text has only bytes that a registered name or an IPv4 address may have (RFC 3986), or
// non-ASCII letters. It does not look names up.
func isHost(text string) bool {
	if text == "" {
		return false
	}
	ascii := true
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		if c <= ' ' || c == 0x7f || hostForbidden[c] {
			return false
		}
	}
	return ascii || utf8.ValidString(text)
}

var hostForbidden = func() (set [utf8.RuneSelf]bool) {
	for _, c := range "\"#/:<>?@[\\]^`{|}" {
		set[c] = true
	}
	return set
}()

// IPPeer parses the text form of the peer of a connection, such as http.Request.RemoteAddr: an IP address with or
// without port. The IPv4-mapped form is unmapped, a zone is dropped. ok is false for anything else, for example "@" of
// a unix socket. Canonical text with a port, which net/http sets, is not copied. An address without a port is,
// because middlewares cut it from a header.
func IPPeer(text string) (addr string, port int, ok bool) {
	if text == "" {
		return "", 0, false
	}
	if addr, port, ok := ipv4Peer(text); ok {
		return addr, port, true
	}
	ap, err := netip.ParseAddrPort(text)
	if err == nil {
		return Part(text, addrText(ap.Addr(), hostPart(text))), int(ap.Port()), true
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	ip, err := netip.ParseAddr(bare)
	if err != nil {
		return "", 0, false
	}
	return Own(addrText(ip, bare)), 0, true
}

// ipv4Peer parses the usual form of a peer, an IPv4 address with a port, in a third of the time that package netip needs.
// It reports false for any other text, which may be another valid form.
func ipv4Peer(text string) (addr string, port int, ok bool) {
	i := 0
	for part := range 4 {
		n, next := number(text, i, 3)
		if next == i || n > 255 || next-i > 1 && text[i] == '0' || next == len(text) || text[next] != "...:"[part] {
			return "", 0, false
		}
		i = next + 1
	}
	port, end := number(text, i, 5)
	if end == i || end < len(text) || port > 65535 {
		return "", 0, false
	}
	return text[:i-1], port, true
}

// number reads a number of at most limit digits at text[i:], and returns it and the index behind it.
func number(text string, i, limit int) (n, next int) {
	for next = i; next < len(text) && next-i < limit && '0' <= text[next] && text[next] <= '9'; next++ {
		n = 10*n + int(text[next]-'0')
	}
	return n, next
}

// hostPart returns the host of a text of the form host:port or [host]:port.
func hostPart(text string) string {
	host := text[:strings.LastIndexByte(text, ':')]
	if strings.HasPrefix(host, "[") {
		return host[1 : len(host)-1]
	}
	return host
}

// addrText returns the canonical text of ip. It reuses text if that is canonical, which holds for all of IPv4.
func addrText(ip netip.Addr, text string) string {
	if ip.Is4() {
		return text
	}
	ip = ip.Unmap().WithZone("")
	var buf [48]byte
	if canonical := ip.AppendTo(buf[:0]); string(canonical) != text {
		return string(canonical)
	}
	return text
}

// Peer returns the attribute values of the peer of a connection: IP and port for TCP and UDP, the path and the port 0
// for a unix socket. It returns "" for a nil address, an unnamed unix socket, any other network, and an address whose
// methods panic.
func Peer(a net.Addr) (addr string, port int) {
	switch a := a.(type) {
	case *net.TCPAddr:
		if a != nil {
			return peerIP(a.AddrPort())
		}
	case *net.UDPAddr:
		if a != nil {
			return peerIP(a.AddrPort())
		}
	case *net.UnixAddr:
		if a != nil && a.Name != "@" {
			return a.Name, 0
		}
	case nil:
	default:
		return otherPeer(a)
	}
	return "", 0
}

// otherPeer returns the values of [Peer] for address types of other packages.
func otherPeer(a net.Addr) (addr string, port int) {
	defer func() {
		if recover() != nil {
			addr, port = "", 0
		}
	}()
	if strings.HasPrefix(a.Network(), "tcp") {
		addr, port, _ = IPPeer(a.String())
	}
	return addr, port
}

func peerIP(ap netip.AddrPort) (addr string, port int) {
	if !ap.Addr().IsValid() {
		return "", 0
	}
	return ap.Addr().Unmap().WithZone("").String(), int(ap.Port())
}
