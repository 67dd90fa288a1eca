package config

import (
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spanroute/spanroute/internal/configfile"
	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// exporters completes and checks the section of every exporter that is selected or that a layer sets.
//
// A section goes to the exporter's completion (registry.WithCompletion) as the layers merged it, with the OTEL_* variable
// of each key that comes from one. What comes back replaces the section: Settings, Explain and a printed configuration
// show completed values. Faults and notices come back by key; config adds the place of the value that decides the key,
// and a fault of an OTEL_* variable takes the variable out and merges again. Files are checked last, because the
// completion takes out those that its protocol does not use. The section of an exporter that is not selected is checked
// and not completed.
func (r *resolver) exporters(cfg *Config) {
	cfg.Exporters = map[string]Exporter{}
	for _, name := range r.table.Names {
		selected := slices.Contains(r.types, name)
		if !selected && !r.sets(name) {
			continue
		}
		x := r.exporter(name, cfg.Timeout, selected)
		if selected {
			cfg.Exporters[name] = x
		}
	}
}

// sets reports whether a layer sets a key of an exporter.
func (r *resolver) sets(exporter string) bool {
	return slices.ContainsFunc(r.table.Keys, func(k *keytable.Key) bool { return k.Exporter == exporter && r.merged.set(k.Path) })
}

// exporter collects the section of one exporter, lets the exporter complete and check it, and reports the outcome. The
// settings of an exporter that is not selected keep their merged values.
func (r *resolver) exporter(name string, timeout time.Duration, selected bool) Exporter {
	x := Exporter{Timeout: timeout, secrets: map[string]bool{}, values: r.report.secrets}
	section, variables := map[string]any{}, map[string]string{}
	for _, k := range r.table.Keys {
		if k.Exporter != name {
			continue
		}
		if k.Secret {
			x.secrets[k.Local] = true
		}
		if value, ok := r.merged.values[k.Path]; ok {
			section[k.Local] = value
		}
		if e := r.merged.effective(k.Path); e != nil && e.ofOTel() {
			variables[k.Local] = e.origin.Name
		}
	}
	if value, ok := section["timeout"].(time.Duration); ok {
		x.Timeout = value
		delete(section, "timeout")
	}
	x.Settings = schema.Nest(section)
	p, err := r.registry.Complete(name, x.Settings, variables)
	if completed := p.Settings(); selected && completed != nil {
		x.prepared, x.Settings = p, completed
		r.note(name, p.Notices)
		section = flatten(completed)
		r.files(name, section)
		r.overlay(name, section)
	}
	for _, fault := range settings.KeyErrors(err) {
		r.exporterFault(name, fault, selected)
	}
	return x
}

// note reports an exporter's notices at the places of their keys.
func (r *resolver) note(name string, notices []registry.Notice) {
	for _, n := range notices {
		e := r.merged.effective(keytable.Join(name, n.Key))
		if n.Key == "" {
			e = r.selection()
		}
		if e != nil {
			r.report.warn(n.Kind, e, e.item(n.Item-1), n.Message, n.Hint)
		}
	}
}

// selection returns the entry that selects the exporters, nil if the program does so in code.
func (r *resolver) selection() *entry {
	e := r.merged.effective("exporter_type")
	if e == nil || e.origin.Layer == LayerDefaults || e.origin.Layer == LayerOverrides {
		return nil
	}
	return e
}

// exporterFault reports a fault that an exporter found. In the section of one that is not selected, only keys that are
// set matter.
func (r *resolver) exporterFault(name string, fault *settings.KeyError, selected bool) {
	path := strings.TrimSuffix(keytable.Join(name, fault.Key), ".")
	if r.objectFault(path, fault.Err) {
		return
	}
	e := r.merged.effective(path)
	switch with := r.counterpart(path, fault.Err); {
	case fault.Item > 0 && e != nil:
		r.report.refuse(e, e.item(fault.Item-1), fault.Err)
	case with != "" && r.report.refused(path): // it is set to an invalid value, which is reported already
	case with != "":
		r.faultAt(with, settings.Errorf(ErrMissing, "%s is not set", path).WithHint("set both or neither"))
	case selected || e != nil:
		r.faultAt(path, fault.Err)
	}
}

// counterpart returns the key that is set although path is missing, if err reports that. The problem belongs to the place
// where a layer sets a value. For every other error it returns "".
func (r *resolver) counterpart(path string, err error) string {
	if r.merged.set(path) || settings.KindOf(err) != ErrMissing {
		return ""
	}
	for _, k := range r.table.Keys {
		if k.With == path && r.merged.set(k.Path) {
			return k.Path
		}
	}
	return ""
}

// overlay puts completed settings in place of the merged ones, so that Explain shows them.
func (r *resolver) overlay(name string, section map[string]any) {
	for _, k := range r.table.Keys {
		if k.Exporter != name || k.Format == "timeout" {
			continue
		}
		if value, ok := section[k.Local]; ok {
			r.merged.values[k.Path] = value
		} else {
			delete(r.merged.values, k.Path)
		}
	}
}

// files checks the files that a section still names after its completion.
func (r *resolver) files(name string, section map[string]any) {
	for _, k := range r.table.Keys {
		if k.Exporter != name || k.Format != "pem" || !r.merged.set(k.Path) {
			continue
		}
		if value, ok := section[k.Local]; ok {
			file, _ := value.(string)
			if err := checkPEM(file, strings.HasSuffix(k.Path, "key_file")); err != nil {
				r.faultAt(k.Path, err)
			}
		}
	}
}

// checkPEM checks that a file holds a certificate, or a key. It opens regular files only, because opening a FIFO waits
// for a writer. It checks no more than that a block of the right type is there; the exporter reads and verifies the
// file when it opens.
func checkPEM(name string, key bool) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return settings.Errorf(ErrFile, "%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return settings.Errorf(ErrFile, "open %s: %s", name, configfile.Reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, configfile.MaxBytes))
	if err != nil {
		return settings.Errorf(ErrFile, "read %s: %s", name, configfile.Reason(err))
	}
	want := "certificate"
	if key {
		want = "key"
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(bytes.TrimSpace(rest)) {
		if key && strings.HasSuffix(block.Type, "PRIVATE KEY") || !key && block.Type == "CERTIFICATE" {
			return nil
		}
	}
	return settings.Errorf(ErrFile, "%s holds no %s", name, want).WithHint("want PEM")
}
