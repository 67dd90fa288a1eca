package config

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/configfile"
)

// A file holds the bytes of one file.
type file struct {
	name  string
	order int // among all files named, from 1
	data  []byte
}

// readFiles reads the files that sources name. A file that cannot be read becomes a diagnostic.
func readFiles(sources *Sources) (files []file, problems []Diagnostic) {
	for i, name := range sources.paths(sources.environ()) {
		data, err := configfile.Read(name)
		at := Origin{Layer: LayerFile, Name: name, file: i + 1}
		if err != nil {
			problems = append(problems, Diagnostic{Kind: ErrFile, Origin: at, Message: configfile.Reason(err), Hint: configfile.Hint(err)})
			continue
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name))) && name != configfile.Stdin {
			problems = append(problems, Diagnostic{
				Kind: WarnSuspicious, Severity: Warning, Origin: at,
				Message: "the name does not end in .yaml, .yml or .json", Hint: "the content is read as YAML",
			})
		}
		files = append(files, file{name, i + 1, data})
	}
	return files, problems
}

// fileLayer reads the layer of one file.
//
// The file's problems and entries get the file's name and order here. Its entries are normalized after all of them are
// read, so that exporter_type may be anywhere in the file.
func (in *intake) fileLayer(f file, section string) *layer {
	to := newLayer(LayerFile)
	parsed := configfile.Parse(configfile.Input{
		Data: f.data, Section: section, Env: in.env, Table: in.table, Selected: in.selected,
		Report: func(p configfile.Problem) { f.report(in.report, p) },
		Secret: func(value string) { in.report.secrets = append(in.report.secrets, value) },
	})
	in.selected = parsed.Selected
	for _, e := range parsed.Entries {
		in.enter(to, f.entry(e), e.Alias)
	}
	in.applyLayerRules(to)
	return to
}

// report adds a problem of the file to r.
func (f file) report(r *report, p configfile.Problem) {
	at := f.origin(p.At)
	switch {
	case p.Err != nil:
		r.refuse(f.entry(p.Entry), at, p.Err)
	case p.Entry != nil:
		r.warn(p.Kind, f.entry(p.Entry), at, p.Message, p.Hint)
	default:
		d := Diagnostic{Kind: p.Kind, Key: p.Key, Origin: at, Message: p.Message, Hint: p.Hint, Related: f.origins(p.Related)}
		if p.Warning {
			d.Severity = Warning
		}
		r.add(d)
	}
}

// entry turns an entry of package configfile, which has places in one file, into one with origins.
func (f file) entry(e *configfile.Entry) *entry {
	return &entry{
		key: e.Key, value: e.Value, written: e.Written, origin: f.origin(e.At), at: f.origin(e.Name),
		items: f.origins(e.Items), names: f.names(e.Names), related: f.origins(e.Related),
	}
}

// names turns the places of the keys of objects into origins.
func (f file) names(places []map[string]configfile.Place) []map[string]Origin {
	var all []map[string]Origin
	for _, object := range places {
		origins := make(map[string]Origin, len(object))
		for name, p := range object {
			origins[name] = f.origin(p)
		}
		all = append(all, origins)
	}
	return all
}

// origin adds the name and the order of the file to a place.
func (f file) origin(p configfile.Place) Origin {
	return Origin{Layer: LayerFile, Name: f.name, Line: p.Line, Column: p.Column, Via: p.Via, file: f.order, width: p.Width, text: p.Text}
}

// origins adds the name and the order of the file to places.
func (f file) origins(places []configfile.Place) []Origin {
	var all []Origin
	for _, p := range places {
		all = append(all, f.origin(p))
	}
	return all
}
