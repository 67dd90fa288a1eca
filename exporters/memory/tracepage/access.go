package tracepage

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// An Option changes what the page that [Handler] returns shows, and who may read it.
type Option func(*pageHandler)

// AllowHosts names hosts under which the page may be read in addition to localhost, such as "traces.example.com" or
// "10.0.0.7". A name has no port and matches in any letter case; "*" allows every host and leaves the decision to
// what is in front of the handler. On a listener that is not on loopback the page is served under these hosts only.
// Empty names are ignored. The option can be repeated, and adds to the hosts of the earlier ones.
//
// A Host header is not authentication. It keeps out web pages that other sites opened in a browser, not clients that
// reach the listener.
func AllowHosts(hosts ...string) Option {
	return func(h *pageHandler) {
		a := &h.access
		for _, host := range hosts {
			a.every = a.every || host == "*"
			if name := hostName(host); name != "" { // an empty one, such as an unset variable, would allow requests without a Host
				a.hosts[name] = true
			}
		}
	}
}

// access decides who may read the page. A web page of another site must not: neither by a name of its own that it
// resolves to this machine (DNS rebinding), nor by a request, a frame or a script element.
type access struct {
	hosts map[string]bool
	every bool
}

// refusal returns why a request is refused and what to do, or "".
func (a access) refusal(r *http.Request) string {
	host := hostName(r.Host)
	switch allowed := a.every || a.hosts[host]; {
	case !allowed && !onLoopback(r):
		return "the trace page is served on loopback only; open it there, or name the hosts that may read it with tracepage.AllowHosts"
	case !allowed && !isLocal(host):
		return fmt.Sprintf("host %.60q may not read the trace page; open it as localhost, or name the host with tracepage.AllowHosts", host)
	case crossSite(r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Mode")):
		return "another site sent this request; open the address of the trace page in a tab of its own"
	case !sameOrigin(r.Header.Values("Origin"), r.Host):
		return "a page of another origin sent this request; open the address of the trace page in a tab of its own"
	default:
		return ""
	}
}

// onLoopback reports whether the connection was accepted on a loopback address or a Unix socket. Where the server
// does not record the address, it was not.
func onLoopback(r *http.Request) bool {
	switch at := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.TCPAddr:
		return at.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	default:
		return false
	}
}

// isLocal reports whether no other site can own host: a name that browsers resolve to loopback, or an address, which
// is not resolved.
func isLocal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// crossSite reports whether a browser sent the request for another site, or for another origin of the same site that
// does more than link here. Other clients do not send these headers.
func crossSite(site, mode string) bool {
	switch site {
	case "", "none", "same-origin":
		return false
	case "same-site":
		return mode != "navigate"
	default:
		return true
	}
}

// sameOrigin reports whether every origin is that of host. The scheme does not count, since a proxy in front may
// have changed it.
func sameOrigin(origins []string, host string) bool {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || !strings.EqualFold(u.Host, host) {
			return false
		}
	}
	return true
}

// hostName returns the host of a Host header in lower case, without port, brackets and final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
