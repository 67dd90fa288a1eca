package policy

import "github.com/spanroute/spanroute/internal/pattern"

// Patterns of valid globs; see package pattern. A path glob begins with a slash and has no two stars in a row. Those for
// texts are for items that commas separate.
var (
	PathGlobPattern = pattern.Whole(pattern.Space + pathGlob(`*`) + pattern.Space)
	RPCGlobPattern  = pattern.Whole(pattern.Space + rpcGlob(`*/`) + pattern.Space)
	PathGlobsInText = pattern.Whole(pattern.List(pathGlob(`*,`)))
	RPCGlobsInText  = pattern.Whole(pattern.List(rpcGlob(`*/,`)))
)

// BracesInText matches the text form of excluded_urls: a comma between braces would cut an item in two.
const BracesInText = `^([^{}]|\{[^{},]*\})*$`

// pathGlob returns the pattern of a path glob without other characters.
func pathGlob(others string) string { return `/([^` + others + `]|\*[^` + others + `])*\*?` }

// rpcGlob returns the pattern of /service/method, or of /* alone. A part begins with a star or a visible character, because
// white space at the end of an item is not a part of it.
func rpcGlob(others string) string {
	const visible = `[!-)+.0-~-]`
	part := `(\*?` + visible + `\*?([^` + others + `]\*?)*|\*)`
	return `/(\*|` + part + `/` + part + `)`
}
