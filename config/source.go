package config

import (
	"fmt"
	"strings"
)

// A Layer is one of the places that values come from; a greater one wins.
type Layer int

// The layers, lowest first.
const (
	LayerBuiltIn   Layer = iota // defaults of the kit and of each exporter
	LayerDefaults               // Sources.Defaults
	LayerFile                   // files, a later one over an earlier
	LayerOTel                   // OTEL_* variables
	LayerEnv                    // SPANROUTE_* variables
	LayerFlags                  // flags that were set
	LayerOverrides              // Sources.Overrides
)

// A Source is the place a value or a problem comes from. The zero value is the built-in default.
type Source struct {
	Layer  Layer
	Name   string // file as it was named, variable, or flag with its dashes; empty for layers of code
	Line   int    // from 1, files only; 0 when the problem is the file as a whole
	Column int    // from 1, in runes
	Via    string // the variable that ${VAR} took the value from, without dollar

	file   int      // order of the files
	width  int      // runes to underline
	reason string   // why the value holds, instead of where it is written
	text   *excerpt // the file's lines, for pointing; nil outside files
}

// String writes s as messages show it: "tracing.yaml:3:16 via $RATE", "SPANROUTE_TIMEOUT", "built-in". The
// source of OpenTelemetry's default sampler is a sentence with the variable that brings it in.
func (s Source) String() string {
	switch {
	case s.reason != "":
		return s.reason
	case s.Layer == LayerBuiltIn:
		return "built-in"
	case s.Layer == LayerDefaults:
		return "default"
	case s.Layer == LayerOverrides:
		return "override"
	case s.Line == 0:
		return s.Name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d", s.Name, s.Line, s.Column)
	if s.Via != "" {
		b.WriteString(" via $" + s.Via)
	}
	return b.String()
}

// place is String without the variable, as it stands in front of a message.
func (s Source) place() string {
	s.Via, s.reason = "", ""
	return s.String()
}

// before orders sources as diagnostics are listed: files as loaded, in each by position; then variables of
// OpenTelemetry, kit variables, flags, each by name; then code.
func (s Source) before(t Source) int {
	if d := s.rank() - t.rank(); d != 0 {
		return d
	}
	if d := s.file - t.file; d != 0 {
		return d
	}
	if d := strings.Compare(s.Name, t.Name); d != 0 {
		return d
	}
	if d := s.Line - t.Line; d != 0 {
		return d
	}
	return s.Column - t.Column
}

func (s Source) rank() int {
	if s.Layer == LayerDefaults || s.Layer == LayerBuiltIn {
		return int(LayerOverrides) + int(s.Layer) + 1
	}
	return int(s.Layer)
}
