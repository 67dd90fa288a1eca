package endpoint

import (
	"net/netip"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// CheckHost returns an error unless text is a host name or an IP address (IPv6 with or without brackets). A scheme, a
// port, a path and user information are errors.
func CheckHost(text string) error {
	inner, _ := strings.CutPrefix(text, "[")
	if isIPv6(text) || inner != text && isIPv6(strings.TrimSuffix(inner, "]")) && strings.HasSuffix(text, "]") {
		return nil
	}
	if _, _, ok := cutScheme(text); ok {
		return fault(text, "is a URL, want a host name or IP address").WithHint("the port has its own key")
	}
	if strings.Count(text, ":") == 1 || strings.Contains(text, "]:") {
		return fault(text, "has a port, want a host name or IP address").WithHint("the port has its own key")
	}
	if strings.Contains(text, ":") {
		return fault(text, "is not an IPv6 address")
	}
	if strings.ContainsFunc(text, bad) {
		return fault(text, "contains a space or control character")
	}
	return hostFault(text, text)
}

// hostFault checks a host without brackets and port. It follows RFC 1123: labels of 1 to 63 bytes, 253 bytes together,
// and a final dot is allowed. An underscore is allowed too, because names in container networks have it. A last label
// of digits is refused, because resolvers disagree on addresses such as 10.1 and 1.2.3.4.5. Names with other letters
// need their punycode form, since the resolver of Go does not convert them.
func hostFault(text, host string) error {
	if host == "" {
		return settings.Errorf(settings.ErrURL, "%s has no host", phrase.Quote(Redact(text)))
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" || isIPv6(host) {
		return nil
	}
	if strings.ContainsAny(host, "/?#@:[]\\\"<>^`{}|%,;=&'()*!$+~") {
		return fault(text, "contains characters that a host name cannot have")
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		return fault(text, "contains non-ASCII letters").WithHint("write the host's xn-- form")
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return fault(text, "is not a host name: a part between dots is empty or longer than 63 bytes")
		}
	}
	if len(host) > 254 || allDigits(labels[len(labels)-1]) {
		return fault(text, "is neither a host name nor an IP address")
	}
	return nil
}
