package config

import (
	"encoding/json"
	"strings"

	"github.com/spanroute/spanroute/registry"
)

// A Diagnostic is one problem, or one warning, with its address.
//
// The message names the mistake, and the hint a way to correct it. Both are lower case without a full stop, quote
// values and never contain a secret. Programs decide by Kind and never by the texts, which can change in any release.
type Diagnostic struct {
	Kind     Kind     // the class of the mistake, itself an error
	Severity Severity // Error or Warning
	Key      string   // as written, e.g. api_server.tracing.zipkin.url; canonical for variables and flags
	Origin   Origin   // the layer, with file, line and column or the name of the variable or flag
	Message  string   // the mistake and the values that are valid
	Hint     string   // the nearest key, or another way to correct the mistake
	Related  []Origin // the other end of a conflict, a duplicate, an alias

	path   string // of the key that is set; "" if the diagnostic is not about a value of one
	unused bool   // an OTEL_* variable was ignored

	unregistered bool // see Unwrap
}

// Error returns the diagnostic on one line: place, key, what was found, what to do. It never contains a secret.
func (d Diagnostic) Error() string {
	if place := d.place(); place != "" {
		return place + ": " + d.sentence()
	}
	return d.sentence()
}

// Unwrap returns the kind, so that errors.Is works on it. A diagnostic about an exporter or propagator without a known one
// of a similar name also matches [registry.ErrUnknown]: it is probably that of a plugin.
func (d Diagnostic) Unwrap() []error {
	if d.unregistered {
		return []error{d.Kind, registry.ErrUnknown}
	}
	return []error{d.Kind}
}

// place returns where the diagnostic belongs, "" if it is not about one place, such as two exporters with one name.
func (d Diagnostic) place() string {
	if d.Origin == (Origin{}) {
		return ""
	}
	return d.Origin.place()
}

// sentence is Error without the place.
func (d Diagnostic) sentence() string {
	var b strings.Builder
	if d.Key != "" {
		b.WriteString(d.Key + ": ")
	}
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString("; " + d.Hint)
	}
	return b.String()
}

// MarshalJSON writes the diagnostic with its place taken apart, for editors and CI annotations.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	out := jsonDiagnostic{
		Kind: string(d.Kind), Severity: d.Severity.String(), Key: d.Key,
		jsonSource: toJSON(d.Origin), Message: d.Message, Hint: d.Hint,
	}
	for _, s := range d.Related {
		out.Related = append(out.Related, toJSON(s))
	}
	return json.Marshal(out)
}

// jsonDiagnostic is a diagnostic in the JSON that editors and CI read. Fields without a value are left out.
type jsonDiagnostic struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Key      string `json:"key,omitempty"`
	jsonSource
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	Related []jsonSource `json:"related,omitempty"`
}

// jsonSource is an origin in JSON. Source is the text that messages show; File, Line and Column are its parts.
type jsonSource struct {
	Source string `json:"source,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func toJSON(s Origin) jsonSource {
	out := jsonSource{Line: s.Line, Column: s.Column}
	if s.Layer == LayerFile {
		out.File = s.Name
	}
	if s.Layer != LayerBuiltIn {
		out.Source = s.String()
	}
	return out
}

// Diagnostics is a list of problems, and the error that holds all of them. It has at most 50, then one more without kind
// and place that counts the rest.
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

// Errors returns the diagnostics that are errors.
func (ds Diagnostics) Errors() Diagnostics { return ds.only(Error) }

// Warnings returns the diagnostics that are warnings.
func (ds Diagnostics) Warnings() Diagnostics { return ds.only(Warning) }

// only returns the diagnostics of one severity, in order.
func (ds Diagnostics) only(s Severity) Diagnostics {
	var out Diagnostics
	for _, d := range ds {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}
