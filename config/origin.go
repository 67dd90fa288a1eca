package config

import (
	"fmt"
	"strings"

	"github.com/spanroute/spanroute/internal/configfile"
)

// A Layer is a kind of origin. A greater one takes precedence.
type Layer int

// The layers, lowest first.
const (
	LayerBuiltIn   Layer = iota // defaults of spanroute and of each exporter
	LayerDefaults               // Sources.Defaults
	LayerFile                   // files, a later one over an earlier
	LayerOTel                   // OTEL_* variables
	LayerEnv                    // SPANROUTE_* variables
	LayerFlags                  // flags that were set
	LayerOverrides              // Sources.Overrides
)

// An Origin is the place that a value or a problem comes from. The zero value is the built-in default.
//
// Places in files are those of values. A value that an alias or a merge key brings in has the place where it is
// written, and Diagnostic.Related has the place where it is used.
type Origin struct {
	Layer  Layer
	Name   string // file by the name it was given, variable, or flag with its dashes; empty for layers of code
	Line   int    // from 1, files only; 0 when the problem is the file as a whole
	Column int    // from 1, in runes
	Via    string // the variable that ${VAR} took the value from, without dollar

	file   int              // order of the files
	width  int              // runes to underline
	reason string           // why the value is in force, shown instead of a place
	text   *configfile.Text // the file's lines, for pointing; nil outside files
}

// String returns the origin as messages show it: "tracing.yaml:3:16 via $RATE", "SPANROUTE_TIMEOUT", "built-in". For
// OpenTelemetry's default sampler it is a sentence with the variable that causes it.
func (o Origin) String() string {
	switch {
	case o.reason != "":
		return o.reason
	case o.Layer == LayerBuiltIn:
		return "built-in"
	case o.Layer == LayerDefaults:
		return "default"
	case o.Layer == LayerOverrides:
		return "override"
	case o.Line == 0:
		return o.Name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d", o.Name, o.Line, o.Column)
	if o.Via != "" {
		b.WriteString(" via $" + o.Via)
	}
	return b.String()
}

// place returns String without the variable, as in front of a message.
func (o Origin) place() string {
	o.Via, o.reason = "", ""
	return o.String()
}

// compare orders origins as diagnostics are listed: files as loaded, in each by position; then OTEL_*
// variables, SPANROUTE_* variables and flags, each by name; then code.
func (o Origin) compare(p Origin) int {
	if d := o.rank() - p.rank(); d != 0 {
		return d
	}
	if d := o.file - p.file; d != 0 {
		return d
	}
	if d := strings.Compare(o.Name, p.Name); d != 0 {
		return d
	}
	if d := o.Line - p.Line; d != 0 {
		return d
	}
	return o.Column - p.Column
}

// rank orders layers for diagnostics: code comes last, because it has no place to go to.
func (o Origin) rank() int {
	if o.Layer == LayerDefaults || o.Layer == LayerBuiltIn {
		return int(LayerOverrides) + int(o.Layer) + 1
	}
	return int(o.Layer)
}
