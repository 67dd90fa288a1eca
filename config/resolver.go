package config

import (
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// A resolver turns one merge into a Config.
//
// It works on decoded values and reports by key. faultAt finds the place: the effective entry of the key, or the entry
// that selected the exporter if the value is a default. What an OTEL_* variable causes is kept in rejected and not
// reported, because the merge is repeated without that variable and can have another outcome.
type resolver struct {
	registry     *registry.Registry
	table        *keytable.Table
	report       *report
	env          map[string]string
	merged       *merged
	inferredRate *entry   // see otelLayer.inferred
	types        []string // exporters selected
	rejected     map[*entry]Diagnostic
}

// faultAt reports a fault of the merged result at the place of the value that causes it. If that is a default, it is
// reported where the exporter was selected.
func (r *resolver) faultAt(path string, err error) {
	e := r.merged.effective(path)
	if e == nil {
		e = r.defaultOf(path)
	}
	if e.ofOTel() {
		r.rejected[e] = Diagnostic{
			Kind: settings.KindOf(err), Severity: Warning, Key: path, Origin: e.origin, Message: err.Error(), Hint: "ignored",
			path: path, unused: true,
		}
		return
	}
	r.report.refuse(e, e.origin, err)
}

// defaultOf returns an entry for the default of path, at the place where the exporter was selected.
func (r *resolver) defaultOf(path string) *entry {
	e := r.merged.effective("exporter_type")
	if e == nil {
		return &entry{key: r.table.Key(path), written: path}
	}
	if e.ofOTel() {
		return e
	}
	at := *e
	at.written = path
	return &at
}
