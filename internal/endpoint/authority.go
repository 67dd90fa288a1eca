package endpoint

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spanroute/spanroute/internal/settings"
)

// authority is what stands between the scheme and the path.
type authority struct {
	user string // user information, without the @
	host string // without brackets
	port string // "" if none was written
	tail string // path, query and fragment
}

// hostPort is host[:port] with brackets where an IPv6 address needs them.
func (a authority) hostPort() string {
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.port == "" {
		return host
	}
	return host + ":" + a.port
}

// parseAuthority reads rest, [user@]host[:port][tail], and refuses what no endpoint may have. text is the
// whole endpoint, for the message.
func parseAuthority(text, rest string) (authority, error) {
	if strings.Contains(rest, "#") {
		return authority{}, fault(text, "has a fragment, remove what begins with #")
	}
	if strings.ContainsFunc(text, bad) || !utf8.ValidString(text) {
		return authority{}, fault(text, "holds a space or control character")
	}
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
		return authority{}, fault(text, "is not of the form host:port, an IPv6 address needs brackets: [::1]:4317")
	}
	if err := checkPort(text, hostPort, a.port); err != nil {
		return authority{}, err
	}
	return a, hostFault(text, a.host)
}

func bad(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// splitHostPort is lenient about a missing port, unlike net.SplitHostPort.
func splitHostPort(s string) (host, port string, ok bool) {
	if rest, bracket := strings.CutPrefix(s, "["); bracket {
		host, port, ok = strings.Cut(rest, "]")
		if _, err := netip.ParseAddr(host); err != nil || !strings.Contains(host, ":") {
			return "", "", false
		}
		return host, strings.TrimPrefix(port, ":"), ok && (port == "" || port[0] == ':')
	}
	host, port, _ = strings.Cut(s, ":")
	return host, port, !strings.ContainsAny(port, ":")
}

func checkPort(text, hostPort, port string) error {
	if port == "" {
		if strings.HasSuffix(hostPort, ":") {
			return fault(text, "has no port after the colon")
		}
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil && !allDigits(port) {
		return fault(text, "has the port %s, want 1 to 65535", settings.Quote(port))
	}
	if err != nil || n < 1 || n > 65535 {
		return fault(text, "has the port %s, which is out of range, want 1 to 65535", port)
	}
	return nil
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
