package endpoint

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/phrase"
)

// authority is the part of an endpoint between the scheme and the path.
type authority struct {
	user string // user information, without the @
	host string // without brackets
	port string // "" if missing
	tail string // path, query and fragment
}

// hostPort returns host[:port], with brackets around an IPv6 address.
func (a authority) hostPort() string {
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // a zone stays "%eth0", as in url.URL.Host
	}
	if a.port == "" {
		return host
	}
	return host + ":" + a.port
}

// userAt returns the user information with its @, "" without user information.
func (a authority) userAt() string {
	if a.user == "" {
		return ""
	}
	return a.user + "@"
}

// parseAuthority parses rest, which has the form [user@]host[:port][tail]. text is the whole endpoint, for the message.
// The user information ends at the last @, as browsers and net/url read it, so that a password with an unescaped @ does
// not become a part of the host.
func parseAuthority(text, rest string) (authority, error) {
	var a authority
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	a.tail = rest[end:]
	hostPort := rest[:end]
	if at := strings.LastIndexByte(hostPort, '@'); at >= 0 {
		a.user, hostPort = hostPort[:at], hostPort[at+1:]
	}
	var ok bool
	if a.host, a.port, ok = splitHostPort(hostPort); !ok {
		return authority{}, fault(text, "is not of the form host:port").WithHint("an IPv6 address needs brackets: [::1]:4317")
	}
	if err := checkPort(text, hostPort, a.port); err != nil {
		return authority{}, err
	}
	return a, hostFault(text, a.host)
}

// clean returns an error if text has characters that are invalid everywhere in an endpoint.
func clean(text string) error {
	if strings.ContainsFunc(text, bad) || !utf8.ValidString(text) {
		return fault(text, "contains a space or control character")
	}
	if strings.Contains(text, "#") {
		return fault(text, "has a fragment").WithHint("remove everything from # on")
	}
	return nil
}

func bad(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// splitHostPort splits host[:port]. Unlike net.SplitHostPort it accepts a missing port. An IPv6 address needs brackets:
// without them, "::1:4317" could be an address or an address with a port.
func splitHostPort(s string) (host, port string, ok bool) {
	if rest, bracket := strings.CutPrefix(s, "["); bracket {
		host, port, ok = strings.Cut(rest, "]")
		host = strings.Replace(host, "%25", "%", 1) // a zone, as RFC 6874 writes it
		if !isIPv6(host) {
			return "", "", false
		}
		return host, strings.TrimPrefix(port, ":"), ok && (port == "" || port[0] == ':')
	}
	host, port, _ = strings.Cut(s, ":")
	return host, port, !strings.ContainsAny(port, ":")
}

// zone matches the name of an interface in an address. Package netip accepts any text.
var zone = regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)

// isIPv6 reports whether host, without brackets, is an IPv6 address, which may have a zone.
func isIPv6(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is6() && zone.MatchString(addr.Zone())
}

// checkPort checks the port of hostPort; "" is valid unless a colon announces a port. Port 0 is out of range: it means
// any free port to a listener, and nothing to a client. It also recognizes http:host, where // was forgotten.
func checkPort(text, hostPort, port string) error {
	if port == "" {
		if strings.HasSuffix(hostPort, ":") {
			if scheme := strings.ToLower(hostPort[:len(hostPort)-1]); scheme == "http" || scheme == "https" {
				return fault(text, "lacks // after %s:", scheme).WithHint("write " + scheme + "://")
			}
			return fault(text, "has no port after the colon")
		}
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil && !allDigits(port) {
		return fault(text, "has the port %s, want 1 to 65535", phrase.Quote(port))
	}
	if err != nil || n < 1 || n > 65535 {
		return fault(text, "has the port %s, which is out of range, want 1 to 65535", port)
	}
	return nil
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
