package endpoint

import "github.com/spanroute/spanroute/internal/pattern"

// The patterns of what the functions of this package accept; see package pattern. Paths and queries are ASCII. A host may be
// longer than a host name can be: [LongHost] finds such a text.
var (
	HTTPPattern = pattern.Whole(webScheme + userInfo + Authority + path + query)
	GRPCPattern = pattern.Whole(
		webScheme+Authority+"([/?]"+visible+"*)?",
		pattern.AnyCase("dns", "passthrough")+"://("+visible+"*/"+visible+"+|"+visible+"+/)",
		unixTarget,
	)
	HostPattern = pattern.Whole(name, pattern.IPv4, pattern.IPv6, `\[`+pattern.IPv6+`\]`)
)

// LongHost finds a text in which a host can be longer than 254 bytes, which a pattern of its parts cannot exclude.
const LongHost = `[A-Za-z0-9_.-]{255}`

// The characters of paths and queries. # begins a fragment, which no endpoint has.
const (
	visible  = `[!-"$-~]`
	notSlash = `[!-"$-.0-~]`
	escape   = `%[0-9A-Fa-f]{2}`
	query    = `(\?` + visible + `*)?`
	path     = `(/([!-"$&->@-~]|` + escape + `)*)?`
	userInfo = `(([A-Za-z0-9._~!$&'()*+,;=:-]|` + escape + `)*@)?`
)

// A name has labels of 1 to 63 characters. The last one has a character that is not a digit, so that 1.2.3 is not a name.
const (
	label     = `[A-Za-z0-9_-]{1,63}`
	lastLabel = `([A-Za-z_-][A-Za-z0-9_-]{0,62}|[0-9]{1,31}[A-Za-z_-][A-Za-z0-9_-]{0,31})`
	name      = `(` + label + `\.)*` + lastLabel + `\.?`
)

var webScheme = `(` + pattern.AnyCase("http", "https") + `://)?`

// Authority matches a host with or without a port. It is not anchored.
var Authority = `(` + name + `|` + pattern.IPv4 + `|\[` + pattern.IPv6 + `\])(:` + pattern.Port + `)?`

// ResolverPattern matches the targets of gRPC's resolvers that name no DNS server.
var ResolverPattern = pattern.Whole(pattern.AnyCase("dns", "passthrough")+":///"+visible+"+", unixTarget)

var unixTarget = pattern.AnyCase("unix") + "://(" + visible + "{2,}|" + notSlash + ")"
