package config

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// normalizeExporters replaces names and aliases by the registered names. In OTEL_* variables unknown names are ignored,
// because the specification of OpenTelemetry recommends that an invalid variable does not keep a program from starting.
func normalizeExporters(t *keytable.Table, r *report, e *entry) bool {
	names, ok := []string{}, true
	none := false
	for i, written := range e.value.([]string) {
		name, err := exporterName(t, r, e, written, e.item(i))
		switch {
		case err != nil:
			ok = ok && e.ofOTel()
			r.refuse(e, e.item(i), err)
		case name == "none":
			none = true
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	if none && len(names) > 0 {
		r.refuse(e, e.origin, settings.Errorf(ErrConflict, "%q cannot be combined with %s", "none", phrase.Words(names, "and")).WithHint("remove one"))
		if !e.ofOTel() {
			return false
		}
		names = []string{}
	}
	e.value = names
	return ok && (len(names) > 0 || none || !e.ofOTel())
}

// exporterName returns the registered name of an exporter by its name or an alias. "logging" is the old name of
// "console" in OTEL_TRACES_EXPORTER.
func exporterName(t *keytable.Table, r *report, e *entry, written string, at Origin) (string, error) {
	lower := strings.ToLower(written)
	if lower == "none" {
		return lower, nil
	}
	if lower == "logging" && e.ofOTel() {
		lower = "console"
	}
	if name := t.Exporter(lower); name != "" {
		if name != lower && !e.ofOTel() {
			r.warn(WarnAlias, e, at, "deprecated name", "use "+name)
		}
		return name, nil
	}
	if name, importPath := t.Unlinked(lower); name != "" {
		return "", settings.Errorf(ErrUnsupported, "exporter %s is not linked into this program", phrase.Quote(name)).
			WithHint("import " + importPath + " or exporters/all")
	}
	fault := settings.Errorf(ErrUnknownValue, "unknown exporter %s", phrase.Quote(written))
	if hint := correction(t, lower); hint != "" {
		return "", fault.WithHint(hint + " (" + available(t) + ")")
	}
	return "", noSimilarName{fault.WithHint(available(t))}
}

// noSimilarName is the fault of a name that is not similar to that of a known exporter or propagator.
type noSimilarName struct{ *settings.Fault }

// Unwrap adds registry.ErrUnknown to the fault.
func (u noSimilarName) Unwrap() []error { return []error{u.Fault, registry.ErrUnknown} }

// available lists the registered exporters, for hints.
func available(t *keytable.Table) string {
	if len(t.Names) == 0 {
		return "no exporter is linked into this program, import github.com/spanroute/spanroute/exporters/all"
	}
	return "available: " + strings.Join(t.Names, ", ")
}

// correction proposes the registered exporter that an unknown name stands for, "" if none is similar.
func correction(t *keytable.Table, name string) string {
	if names, protocol := cutProtocol(t, name); len(names) == 1 {
		return "write exporter_type: " + names[0] + " with " + names[0] + ".protocol: " + protocol
	} else if len(names) > 1 {
		return protocol + " is a protocol of " + phrase.Words(names, "and") + "; write one of them, and protocol: " + protocol + " in its section"
	}
	if near, ok := phrase.Nearest(name, append([]string{"none"}, t.Names...)); ok {
		return keytable.DidYouMean(near)
	}
	return ""
}

// cutProtocol separates an exporter and its protocol that are written as one word, such as otlphttp or otlp/http. For a
// protocol alone it returns all exporters that have it.
func cutProtocol(t *keytable.Table, word string) (exporters []string, protocol string) {
	for _, name := range t.Names {
		k := t.Key(name + ".protocol")
		rest := strings.TrimLeft(strings.TrimPrefix(word, name), "/-_. ")
		if k == nil || rest == "" || !slices.Contains(k.Enum, rest) {
			continue
		}
		if strings.HasPrefix(word, name) {
			return []string{name}, rest
		}
		exporters, protocol = append(exporters, name), rest
	}
	return exporters, protocol
}
