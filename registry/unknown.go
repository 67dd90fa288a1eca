package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry/settings"
)

// builtIn maps the names of spanroute's own exporters to their packages. A program need not import them.
var builtIn = map[string]string{
	"zipkin":    "zipkin",
	"jaeger":    "jaeger",
	"otlp":      "otlp",
	"console":   "console",
	"stdout":    "console",
	"memory":    "memory",
	"in_memory": "memory",
}

// BuiltIn returns the names and aliases of spanroute's own exporters, sorted. A program need not import them.
func BuiltIn() []string { return slices.Sorted(maps.Keys(builtIn)) }

// ImportPath returns the import path of spanroute's own exporter with this name or alias, even if the program does not
// import it, and "" for any other name.
func ImportPath(name string) string {
	if pkg, ok := builtIn[strings.ToLower(name)]; ok {
		return exportersPath + pkg
	}
	return ""
}

const exportersPath = "github.com/spanroute/spanroute/exporters/"

// unknownError matches ErrUnknown and the kind that package config reports.
type unknownError struct {
	text string
	kind settings.Kind
}

func (e *unknownError) Error() string   { return e.text }
func (e *unknownError) Unwrap() []error { return []error{ErrUnknown, e.kind} }

// unknown returns the error of a name that is not registered. all has names and aliases, names only the names.
func unknown(name string, all, names []string) error {
	if pkg, ok := builtIn[strings.ToLower(name)]; ok {
		return &unknownError{fmt.Sprintf("exporter %q is not linked into this program; import %s%s or exporters/all",
			strings.ToLower(name), exportersPath, pkg), settings.ErrUnsupported}
	}
	text := "unknown exporter " + phrase.Quote(name)
	if hint := phrase.DidYouMean(name, append(all, slices.Sorted(maps.Keys(builtIn))...)); hint != "" {
		text += "; " + hint
	}
	return &unknownError{text + " (" + available(names) + ")", settings.ErrUnknownValue}
}

// available lists the registered exporters, or reports that none is registered.
func available(names []string) string {
	if len(names) == 0 {
		return "no exporter is registered; import " + exportersPath + "all"
	}
	return "available: " + strings.Join(names, ", ")
}
