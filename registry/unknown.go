package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// A catalog maps the names of spanroute's own exporters or propagators to their packages. A program need not import them.
type catalog struct {
	noun     string            // "exporter"
	parent   string            // the import path of the packages, relative to the module, with a slash at the end
	packages map[string]string // by name or alias
}

var ownExporters = catalog{"exporter", "exporters/", map[string]string{
	"zipkin":    "zipkin",
	"jaeger":    "jaeger",
	"otlp":      "otlp",
	"console":   "console",
	"stdout":    "console",
	"memory":    "memory",
	"in_memory": "memory",
}}

const modulePath = "github.com/spanroute/spanroute/"

// BuiltIn returns the names and aliases of spanroute's own exporters, sorted. A program need not import them.
func BuiltIn() []string { return slices.Sorted(maps.Keys(ownExporters.packages)) }

// ImportPath returns the import path of spanroute's own exporter with this name or alias, even if the program does not
// import it, and "" for any other name.
func ImportPath(name string) string { return ownExporters.importPath(name) }

func (c catalog) importPath(name string) string {
	if pkg, ok := c.packages[strings.ToLower(name)]; ok {
		return modulePath + c.parent + pkg
	}
	return ""
}

// unknownError matches ErrUnknown and the kind that package config reports.
type unknownError struct {
	text string
	kind settings.Kind
}

func (e *unknownError) Error() string   { return e.text }
func (e *unknownError) Unwrap() []error { return []error{ErrUnknown, e.kind} }

// unknown returns the error of a name that is not registered. all has names and aliases, names only the names.
func (c catalog) unknown(name string, all, names []string) error {
	if importPath := c.importPath(name); importPath != "" {
		return &unknownError{fmt.Sprintf("%s %q is not linked into this program; import %s or %sall",
			c.noun, strings.ToLower(name), importPath, c.parent), settings.ErrUnsupported}
	}
	text := "unknown " + c.noun + " " + phrase.Quote(name)
	if hint := phrase.DidYouMean(name, append(all, slices.Sorted(maps.Keys(c.packages))...)); hint != "" {
		text += "; " + hint
	}
	return &unknownError{text + " (" + c.available(names) + ")", settings.ErrUnknownValue}
}

// available lists the registered names, or reports that none is registered.
func (c catalog) available(names []string) string {
	if len(names) == 0 {
		return "no " + c.noun + " is registered; import " + modulePath + c.parent + "all"
	}
	return "available: " + strings.Join(names, ", ")
}
