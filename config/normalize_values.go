package config

import (
	"math/big"
	"net/netip"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// normalizeHeaders checks names and values. Values are never shown. Of an OTEL_* variable only the bad pairs are left
// out. The rules are those of package transport, which checks again for programs that do not use this package; here a
// fault has the place of the pair.
func normalizeHeaders(_ *keytable.Table, r *report, e *entry) bool {
	var good settings.Pairs
	seen := map[string]bool{}
	ok, grpc := true, e.key.Format == "metadata"
	for i, pair := range e.value.(settings.Pairs) {
		if err := checkHeader(pair, seen, grpc); err != nil {
			ok = false
			r.refuse(e, e.item(i), err)
			continue
		}
		seen[strings.ToLower(pair.Name)] = true
		if grpc {
			pair.Name = strings.ToLower(pair.Name)
		}
		good = append(good, pair)
	}
	if good == nil {
		good = settings.Pairs{}
	}
	e.value = good
	return ok || e.ofOTel()
}

// checkHeader checks a pair; seen holds the names before it in lower case. A name may begin with a colon, as
// pseudo-headers do; the exporter reports that it does not send them.
func checkHeader(pair settings.Pair, seen map[string]bool, grpc bool) error {
	switch {
	case !httpguts.ValidHeaderFieldName(strings.TrimPrefix(pair.Name, ":")):
		return settings.Errorf(ErrHeader, "%s is not a header name", phrase.Quote(pair.Name)).WithHint("want letters, digits and - without spaces")
	case grpc && strings.ContainsAny(pair.Name, "!#$%&'*+^`|~"):
		return settings.Errorf(ErrHeader, "%s cannot be sent over gRPC", phrase.Quote(pair.Name)).WithHint("want letters, digits, -, _ and .")
	case strings.ContainsFunc(pair.Value, func(r rune) bool { return r < ' ' || r > '~' }):
		return settings.Errorf(ErrHeader, "the value of %s contains non-printable or non-ASCII characters", phrase.Quote(pair.Name))
	case seen[strings.ToLower(pair.Name)]:
		return settings.Errorf(ErrHeader, "duplicate header %s (names are case-insensitive)", phrase.Quote(pair.Name)).WithHint("remove one")
	}
	return nil
}

// checkHost refuses what is not a host name or an address.
func checkHost(_ *keytable.Table, r *report, e *entry) bool {
	err := endpoint.CheckHost(e.value.(string))
	if err != nil {
		r.refuse(e, e.origin, err)
	}
	return err == nil
}

// checkURL refuses what is not an HTTP URL or a host with a port. The exporter completes what is missing.
func checkURL(_ *keytable.Table, r *report, e *entry) bool {
	_, err := endpoint.ParseHTTP(e.value.(string))
	if err != nil {
		r.refuse(e, e.origin, err)
	}
	return err == nil
}

// normalizeAddress brings an address to its text and checks the family. Python writes packed integers.
func normalizeAddress(_ *keytable.Table, r *report, e *entry) bool {
	text := e.value.(string)
	addr, err := parseAddress(text, e.key.Format)
	if err != nil {
		r.refuse(e, e.origin, err)
		return false
	}
	e.value = addr
	return true
}

// parseAddress returns the canonical text of an address of one family.
func parseAddress(text, format string) (string, error) {
	if packed, ok := packedAddress(text); ok {
		size := map[string]int{"ipv4": 4, "ipv6": 16}[format]
		if packed.Sign() < 0 || packed.BitLen() > 8*size {
			return "", settings.Errorf(ErrOutOfRange, "%s is not a packed %s address", phrase.Quote(text), familyName(format))
		}
		addr, _ := netip.AddrFromSlice(packed.FillBytes(make([]byte, size)))
		return addr.String(), nil
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil || addr.Zone() != "":
		return "", settings.Errorf(ErrOutOfRange, "%s is not an %s address", phrase.Quote(text), familyName(format))
	case addr.Is4() && format == "ipv6":
		return "", settings.Errorf(ErrOutOfRange, "%s is an IPv4 address", phrase.Quote(text)).WithHint("use local_node_ipv4")
	case !addr.Is4() && format == "ipv4":
		return "", settings.Errorf(ErrOutOfRange, "%s is an IPv6 address", phrase.Quote(text)).WithHint("use local_node_ipv6")
	}
	return addr.String(), nil
}

// packedAddress reads an address written as one number, a form that BentoML's configuration allows. No address has more
// digits; reading them costs their square.
func packedAddress(text string) (packed *big.Int, ok bool) {
	if len(text) > 1000 {
		return nil, false
	}
	return new(big.Int).SetString(text, 10)
}

// familyName returns IPv4 or IPv6 for a format.
func familyName(format string) string { return "IP" + strings.TrimPrefix(format, "ip") }
