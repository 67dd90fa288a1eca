package pattern

import (
	"fmt"
	"strings"
)

// IPv4 matches an IPv4 address in decimal notation.
var IPv4 = fmt.Sprintf(`%[1]s(\.%[1]s){3}`, Between(0, 255))

// IPv6 matches an IPv6 address without a zone. The last four bytes can be in decimal notation.
var IPv6 = ipv6()

// ipv6 has an alternative for each number of groups before ::, because an expression cannot count both sides.
func ipv6() string {
	const group = "[0-9A-Fa-f]{1,4}"
	all := []string{
		"(" + group + ":){7}" + group,
		"(" + group + ":){1,7}:",
		"(" + group + ":){6}" + IPv4,
		"::(" + group + ":){0,5}" + IPv4,
		":(:" + group + "){1,7}",
		"::",
	}
	for before := 1; before <= 6; before++ {
		all = append(all, fmt.Sprintf("%s:(:%s){1,%d}", strings.TrimSuffix(strings.Repeat(group+":", before), ":"), group, 7-before))
	}
	return Any(all...)
}

// Network matches an address, or a prefix such as 10.0.0.0/8.
var Network = Any(IPv4+"(/"+Between(0, 32)+")?", IPv6+"(/"+Between(0, 128)+")?")

// Port matches a port.
var Port = Between(1, 65535)
