package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/endpoint"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/secret"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

const (
	maxDiagnostics = 50                  // of one severity; the rest is counted
	maxCollected   = 20 * maxDiagnostics // bounds memory until all are known and the first can be chosen
)

// A report collects diagnostics while a configuration is loaded.
//
// All stages share one report and go on after an error, so that a user sees every mistake at once. Diagnostics are put
// in order and cut to 50 only at the end, because layers are not read in the order in which diagnostics are listed.
// Masking happens here, in one place: the texts of errors come from many packages and can quote a value.
type report struct {
	kept    [2][]Diagnostic // by severity
	dropped [2]int
	secrets []string // values of secret-looking variables in files
}

// add keeps d, or counts it if there are too many. URLs and assignments in texts can hold secrets wherever they come
// from, so that every text is masked here.
func (r *report) add(d Diagnostic) {
	d.Message, d.Hint, d.Origin.Name = endpoint.RedactText(d.Message), endpoint.RedactText(d.Hint), endpoint.RedactText(d.Origin.Name)
	if len(r.kept[d.Severity]) >= maxCollected {
		r.dropped[d.Severity]++
		return
	}
	r.kept[d.Severity] = append(r.kept[d.Severity], d)
}

// warn adds a warning about e, at a place of its own.
func (r *report) warn(kind Kind, e *entry, at Origin, message, hint string) {
	r.add(r.redact(e, Diagnostic{
		Kind: kind, Severity: Warning, Key: e.written, Origin: at, Message: message, Hint: hint, Related: e.related, path: e.key.Path,
	}))
}

// ignoredHint adds to a hint that the value is ignored.
func ignoredHint(hint string) string {
	if hint == "" {
		return "ignored"
	}
	return hint + " (ignored)"
}

// refuse adds the faults of e. In an OTEL_* variable a fault is a warning, and the variable is ignored.
func (r *report) refuse(e *entry, at Origin, err error) {
	for _, each := range settings.KeyErrors(err) {
		d := Diagnostic{
			Kind: settings.KindOf(each.Err), Key: e.written, Origin: at, Message: each.Err.Error(), Related: e.related, path: e.key.Path,
			unregistered: errors.Is(each.Err, registry.ErrUnknown),
		}
		if f := (*settings.Fault)(nil); errors.As(each.Err, &f) {
			d.Kind, d.Message, d.Hint = f.Kind, f.Message, f.Hint
		}
		if at.Layer == LayerOTel {
			d.Severity, d.Hint, d.unused = Warning, ignoredHint(d.Hint), true
		}
		r.add(r.redact(e, d))
	}
}

// redact masks the values of secret-looking variables in d, and texts about a secret key that cannot be names.
func (r *report) redact(e *entry, d Diagnostic) Diagnostic {
	values := slices.Clone(r.secrets)
	if e.key.Secret {
		d.Message = cutQuoted(d.Message)
		if value, _ := e.value.(string); len(value) > 3 {
			values = append(values, value)
		}
	}
	d.Message, d.Hint = secret.Redact(d.Message, values...), secret.Redact(d.Hint, values...)
	return d
}

// failed reports whether there is an error.
func (r *report) failed() bool { return len(r.kept[Error])+r.dropped[Error] > 0 }

// refused reports whether a layer sets the key with this path to an invalid value.
func (r *report) refused(path string) bool {
	return slices.ContainsFunc(r.kept[Error], func(d Diagnostic) bool { return d.path == path })
}

// clone returns a copy that later diagnostics do not change, to go back to.
func (r *report) clone() report {
	c := *r
	c.kept[Error], c.kept[Warning] = slices.Clone(r.kept[Error]), slices.Clone(r.kept[Warning])
	return c
}

// list returns the diagnostics of one severity in order, at most 50 and a line for the rest.
func (r *report) list(s Severity) Diagnostics {
	all := r.kept[s]
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Diagnostic) int { return a.Origin.compare(b.Origin) })
	all = distinct(all)
	more := r.dropped[s] + max(0, len(all)-maxDiagnostics)
	out := Diagnostics(slices.Clone(all[:min(len(all), maxDiagnostics)]))
	if more > 0 {
		out = append(out, Diagnostic{Severity: s, Message: fmt.Sprintf("and %d more", more)})
	}
	return out
}

// distinct removes repetitions. An OTEL_* variable that sets several keys is reported for one of them.
func distinct(all []Diagnostic) []Diagnostic {
	seen := make(map[[3]string]bool, len(all))
	return slices.DeleteFunc(all, func(d Diagnostic) bool {
		id := [3]string{string(d.Kind), d.Error()}
		if d.Origin.Layer == LayerOTel {
			id = [3]string{string(d.Kind), d.Origin.Name, d.Message}
		}
		twice := seen[id]
		seen[id] = true
		return twice
	})
}

// cutQuoted cuts each quoted text of a message after the part that can be a name.
func cutQuoted(message string) string {
	parts := strings.Split(message, `"`)
	for i := 1; i < len(parts)-1; i += 2 {
		parts[i] = phrase.Name(parts[i])
	}
	return strings.Join(parts, `"`)
}
