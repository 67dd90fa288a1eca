package policy

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// CheckPathGlob reports whether glob is one of excluded_paths, and whether it excludes everything.
func CheckPathGlob(glob string) (everything bool, err error) {
	switch {
	case !strings.HasPrefix(glob, "/"):
		return false, settings.Errorf(settings.ErrPattern, "%s does not begin with /", phrase.Quote(glob)).WithHint(rootedHint(glob))
	case strings.Contains(glob, "**"):
		return false, settings.Errorf(settings.ErrPattern, "%s contains **", phrase.Quote(glob)).
			WithHint("/* at the end means everything below")
	}
	return glob == "/*", nil
}

// CheckRPCGlob reports whether glob is one of excluded_rpcs, and whether it excludes everything.
func CheckRPCGlob(glob string) (everything bool, err error) {
	if !strings.ContainsAny(glob, "/^$ ") && glob != "" {
		return false, settings.Errorf(settings.ErrPattern, "%s does not begin with /", phrase.Quote(glob)).
			WithHint("did you mean " + phrase.Quote(rooted(glob)) + "?")
	}
	everything, err = CheckPathGlob(glob)
	if err != nil || everything {
		return everything, err
	}
	if strings.Count(glob, "/") != 2 || strings.HasPrefix(glob, "//") || strings.HasSuffix(glob, "/") {
		return false, settings.Errorf(settings.ErrPattern, "%s is not of the form /service/method", phrase.Quote(glob)).
			WithHint("write /pkg.Service/Method or /pkg.Service/*")
	}
	return false, nil
}

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
