package policy

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
)

// rootedHint returns the hint for a glob that does not begin with a slash. It proposes only what is a glob.
func rootedHint(glob string) string {
	path := strings.TrimSuffix(strings.TrimPrefix(glob, "^"), "$") // as in excluded_urls
	if _, after, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(after, "/")
	} else if fields := strings.Fields(path); len(fields) > 1 { // a method before the path, as in patterns of http.ServeMux
		path = fields[len(fields)-1]
	}
	path = "/" + strings.TrimPrefix(path, "/")
	if _, err := CheckPathGlob(path); err != nil {
		return "* stands for any characters except /, a final /* for everything below"
	}
	if _, hint := Doubt(path); hint != "" {
		return hint
	}
	return "did you mean " + phrase.Quote(path) + "?"
}

// rooted returns the glob of a service, or of a method in any service, that is written without a slash.
func rooted(name string) string {
	if strings.Contains(name, ".") {
		return "/" + name + "/*"
	}
	return "/*/" + name
}

// Doubt returns what is suspicious about a glob that is accepted, and a hint: everything but * stands for itself, which
// is not what the author of a query, a route or a regular expression means. Both are empty for other globs.
func Doubt(glob string) (found, hint string) {
	switch {
	case strings.Contains(glob, "?"):
		return phrase.Quote(glob) + " contains ?, and a path has no query", "write the path alone"
	case strings.ContainsAny(glob, `|[]()\^$`), strings.Contains(glob, ".*"), strings.Contains(glob, ".+"):
		return phrase.Quote(glob) + " looks like a regular expression, and only * is special in a glob", "write *, or use excluded_urls"
	case strings.ContainsAny(glob, "{}"):
		return phrase.Quote(glob) + " contains a brace, which stands for itself", "write * for a part of the path"
	}
	return "", ""
}
