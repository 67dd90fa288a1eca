package policy

import (
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// CheckPathGlob returns an error if glob is not valid in excluded_paths, and reports whether it excludes everything.
func CheckPathGlob(glob string) (everything bool, err error) {
	switch {
	case !strings.HasPrefix(glob, "/"):
		return false, settings.Errorf(settings.ErrPattern, "%s does not begin with /", phrase.Quote(glob)).WithHint(rootedHint(glob))
	case strings.Contains(glob, "**"):
		return false, settings.Errorf(settings.ErrPattern, "%s contains **", phrase.Quote(glob)).
			WithHint("end with /* to match everything below")
	}
	return glob == "/*", nil
}

// CheckRPCGlob returns an error if glob is not valid in excluded_rpcs, and reports whether it excludes everything. A
// name without a slash gets a suggestion of its own, since an RPC is usually known as Service or Service.Method.
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

// rootedHint returns the hint for a glob that does not begin with a slash. It proposes only valid globs.
func rootedHint(glob string) string {
	path := strings.TrimSuffix(strings.TrimPrefix(glob, "^"), "$") // as in excluded_urls
	if _, after, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(after, "/")
	} else if fields := strings.Fields(path); len(fields) > 1 { // a method before the path, as in patterns of http.ServeMux
		path = fields[len(fields)-1]
	}
	path = "/" + strings.TrimPrefix(path, "/")
	if _, err := CheckPathGlob(path); err != nil {
		return "write * for any characters except /, and a final /* for everything below"
	}
	if _, hint := Doubt(path); hint != "" {
		return hint
	}
	return "did you mean " + phrase.Quote(path) + "?"
}

// rooted returns the glob for a service, or for a method in any service, whose name has no slash.
func rooted(name string) string {
	if strings.Contains(name, ".") {
		return "/" + name + "/*"
	}
	return "/*/" + name
}

// Doubt returns what is suspicious about a valid glob, and a hint. Every character except * matches itself, which is
// probably not intended in a query, a route or a regular expression. Both are empty for other globs.
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
