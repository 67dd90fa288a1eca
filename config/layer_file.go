package config

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/configfile"
)

// A file is what was read of one file.
type file struct {
	name  string
	order int // among all files named, from 1
	data  []byte
}

// readFiles reads what sources name. A file that cannot be read becomes a diagnostic.
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
func (in *intake) fileLayer(f file, section string) *layer {
	to := newLayer(LayerFile)
	parsed := configfile.Parse(configfile.Input{
		Data: f.data, Section: section, Env: in.env, Table: in.table, Selected: in.selected, Secrets: in.report.secrets,
		Report: func(p configfile.Problem) { in.report.add(f.diagnostic(p)) },
	})
	in.selected, in.report.secrets = parsed.Selected, parsed.Secrets
	for _, read := range parsed.Entries {
		e := &entry{
			key: read.Key, value: read.Value, written: read.Written, origin: f.origin(read.At), at: f.origin(read.Name),
			items: f.origins(read.Items), related: f.origins(read.Related),
		}
		in.enter(to, e, read.Alias)
	}
	in.applyLayerRules(to)
	return to
}

func (f file) origin(p configfile.Place) Origin {
	return Origin{Layer: LayerFile, Name: f.name, Line: p.Line, Column: p.Column, Via: p.Via, file: f.order, width: p.Width, text: p.Text}
}

func (f file) origins(places []configfile.Place) []Origin {
	var all []Origin
	for _, p := range places {
		all = append(all, f.origin(p))
	}
	return all
}

func (f file) diagnostic(p configfile.Problem) Diagnostic {
	d := Diagnostic{
		Kind: p.Kind, Key: p.Key, Origin: f.origin(p.At), Message: p.Message, Hint: p.Hint, Related: f.origins(p.Related), path: p.Path,
	}
	if p.Warning {
		d.Severity = Warning
	}
	return d
}
