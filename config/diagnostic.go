package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Diagnostic is one problem, or one warning, with its address.
type Diagnostic struct {
	Kind     Kind     // what went wrong, itself an error
	Severity Severity // Error or Warning
	Key      string   // as written, e.g. api_server.tracing.zipkin.url; canonical for variables and flags
	Source   Source   // the layer, with file, line and column or the name of the variable or flag
	Message  string   // what was found and what would do
	Hint     string   // the nearest key, or what to write instead
	Related  []Source // the other end of a conflict, a duplicate, an alias
}

// Error is the diagnostic on one line: place, key, what was found, what would do. It never contains a secret.
func (d Diagnostic) Error() string {
	if place := d.place(); place != "" {
		return place + ": " + d.sentence()
	}
	return d.sentence()
}

// Unwrap returns the kind, so that errors.Is works on it.
func (d Diagnostic) Unwrap() error { return d.Kind }

func (d Diagnostic) place() string {
	if d.Source == (Source{}) {
		return ""
	}
	return d.Source.place()
}

// sentence is Error without the place.
func (d Diagnostic) sentence() string {
	var b strings.Builder
	if d.Key != "" {
		b.WriteString(d.Key + ": ")
	}
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString(", " + d.Hint)
	}
	return b.String()
}

// MarshalJSON writes the diagnostic with its place taken apart, for editors and CI annotations.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	out := jsonDiagnostic{
		Kind: string(d.Kind), Severity: d.Severity.String(), Key: d.Key,
		jsonSource: toJSON(d.Source), Message: d.Message, Hint: d.Hint,
	}
	for _, s := range d.Related {
		out.Related = append(out.Related, toJSON(s))
	}
	return json.Marshal(out)
}

type jsonDiagnostic struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Key      string `json:"key,omitempty"`
	jsonSource
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	Related []jsonSource `json:"related,omitempty"`
}

type jsonSource struct {
	Source string `json:"source,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func toJSON(s Source) jsonSource {
	out := jsonSource{Line: s.Line, Column: s.Column}
	if s.Layer == LayerFile {
		out.File = s.Name
	}
	if s.Layer != LayerBuiltIn {
		out.Source = s.String()
	}
	return out
}

// Diagnostics is a list of problems; as an error it stands for all of them. It holds at most 50, then one more
// without kind and place that says how many were left out.
type Diagnostics []Diagnostic

// Error lists the diagnostics, one a line.
func (ds Diagnostics) Error() string {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(d.Error())
	}
	return b.String()
}

// Unwrap returns the diagnostics as errors, so that errors.Is finds their kinds and errors.As a [Diagnostic].
func (ds Diagnostics) Unwrap() []error {
	errs := make([]error, len(ds))
	for i, d := range ds {
		errs[i] = d
	}
	return errs
}

// Errors returns those that are no warnings.
func (ds Diagnostics) Errors() Diagnostics { return ds.only(Error) }

// Warnings returns those that are no errors.
func (ds Diagnostics) Warnings() Diagnostics { return ds.only(Warning) }

func (ds Diagnostics) only(s Severity) Diagnostics {
	var out Diagnostics
	for _, d := range ds {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// maxDiagnostics is how many of one severity are kept; the rest is counted.
const maxDiagnostics = 50

// A report collects diagnostics while a configuration is loaded.
type report struct {
	kept    [2][]Diagnostic // by severity
	dropped [2]int
}

// maxCollected bounds memory before the order is known that decides which are kept.
const maxCollected = 20 * maxDiagnostics

func (r *report) add(d Diagnostic) {
	d.Message, d.Hint, d.Source.Name = redactMessage(d.Message), redactMessage(d.Hint), redactMessage(d.Source.Name)
	if len(r.kept[d.Severity]) >= maxCollected {
		r.dropped[d.Severity]++
		return
	}
	r.kept[d.Severity] = append(r.kept[d.Severity], d)
}

func (r *report) failed() bool { return len(r.kept[Error])+r.dropped[Error] > 0 }

// has reports whether there is an error at key, whatever its kind.
func (r *report) has(match func(Diagnostic) bool) bool {
	return slices.ContainsFunc(r.kept[Error], match)
}

// list returns the diagnostics of one severity in order, at most 50 and a line for the rest.
func (r *report) list(s Severity) Diagnostics {
	all := r.kept[s]
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Diagnostic) int { return a.Source.before(b.Source) })
	all = distinct(all)
	more := r.dropped[s] + max(0, len(all)-maxDiagnostics)
	out := Diagnostics(slices.Clone(all[:min(len(all), maxDiagnostics)]))
	if more > 0 {
		out = append(out, Diagnostic{Severity: s, Message: fmt.Sprintf("and %d more", more)})
	}
	return out
}

// distinct leaves out what says the same twice; of a variable that sets several keys, what it says about one.
func distinct(all []Diagnostic) []Diagnostic {
	seen := make(map[[3]string]bool, len(all))
	return slices.DeleteFunc(all, func(d Diagnostic) bool {
		id := [3]string{string(d.Kind), d.Error()}
		if d.Source.Layer == LayerOTel {
			id = [3]string{string(d.Kind), d.Source.Name, d.Message}
		}
		twice := seen[id]
		seen[id] = true
		return twice
	})
}
