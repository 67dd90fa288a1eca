package config

import (
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"slices"
	"strings"
	"time"

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
	for _, name := range r.table.names {
		_, set := r.section[name].(map[string]any)
		selected := slices.Contains(r.types, name)
		if !selected && !set {
			continue
		}
		x := r.exporter(name, cfg.Timeout, selected)
		if selected {
			cfg.Exporters[name] = x
		}
	}
}

func (r *resolver) exporter(name string, timeout time.Duration, selected bool) Exporter {
	x := Exporter{Timeout: timeout, Settings: map[string]any{}, secrets: map[string]bool{}, values: r.secrets}
	variables := map[string]string{}
	for _, k := range r.table.keys {
		if k.exporter != name {
			continue
		}
		if k.Secret {
			x.secrets[k.Path] = true
		}
		if value, ok := get(r.section, k.path); ok {
			put(x.Settings, k.Path, value)
		}
		if e := r.winner(k.path); e != nil && e.source.Layer == LayerOTel {
			variables[k.Path] = e.source.Name
		}
	}
	if value, ok := x.Settings["timeout"].(time.Duration); ok {
		x.Timeout = value
		delete(x.Settings, "timeout")
	}
	p, err := r.registry.Complete(name, x.Settings, variables)
	if completed := p.Settings(); selected && completed != nil {
		x.prepared, x.Settings = p, completed
		r.note(name, p.Notices)
		r.files(name, x.Settings)
		r.overlay(name, x.Settings)
	}
	for _, fault := range settings.KeyErrors(err) {
		r.exporterFault(name, fault, selected)
	}
	return x
}

// note reports an exporter's notices at the places of their keys.
func (r *resolver) note(name string, notices []registry.Notice) {
	for _, n := range notices {
		e := r.winner(joinPath(name, n.Key))
		if n.Key == "" {
			e = r.selection()
		}
		if e != nil {
			r.warn(n.Kind, e, e.item(n.Item-1), n.Message, n.Hint)
		}
	}
}

// selection is the entry that selects the exporters, nil if the program does so in code.
func (r *resolver) selection() *entry {
	e := r.winner("exporter_type")
	if e == nil || e.source.Layer == LayerDefaults || e.source.Layer == LayerOverrides {
		return nil
	}
	return e
}

// exporterFault reports a fault that an exporter found. In the section of one that is not selected, only keys that are
// set matter.
func (r *resolver) exporterFault(name string, fault *settings.KeyError, selected bool) {
	path := strings.TrimSuffix(joinPath(name, fault.Key), ".")
	e := r.winner(path)
	switch with := r.counterpart(path, fault.Err); {
	case fault.Item > 0 && e != nil:
		r.refuse(e, e.item(fault.Item-1), fault.Err)
	case with != "" && r.refused(path): // it was set to something that was reported
	case with != "":
		r.faultAt(with, settings.Errorf(ErrMissing, "%s is not set", path).WithHint("set both or neither"))
	case selected || e != nil:
		r.faultAt(path, fault.Err)
	}
}

// counterpart returns the key that is set without path, if that is what err is about: the place to report is where a
// layer set something. Else it returns "".
func (r *resolver) counterpart(path string, err error) string {
	k := r.table.byPath[path]
	if k == nil || r.set(path) || !r.set(k.with) || settings.KindOf(err) != ErrMissing {
		return ""
	}
	return k.with
}

// overlay puts completed settings in place of the merged ones, so that Explain shows them.
func (r *resolver) overlay(name string, section map[string]any) {
	for _, k := range r.table.keys {
		if k.exporter != name || isTimeout(k) {
			continue
		}
		if value, ok := get(section, k.Path); ok {
			put(r.section, k.path, value)
		} else {
			remove(r.section, k.path)
		}
	}
}

// files checks the files that a section still names after its completion.
func (r *resolver) files(name string, section map[string]any) {
	for _, k := range r.table.keys {
		if k.exporter != name || k.Format != "pem" || !r.set(k.path) {
			continue
		}
		if value, ok := get(section, k.Path); ok {
			file, _ := value.(string)
			if err := checkPEM(file, strings.HasSuffix(k.path, "key_file")); err != nil {
				r.faultAt(k.path, err)
			}
		}
	}
}

// checkPEM reports what is wrong with a file that should hold a certificate, or a key. Only a regular file is opened:
// opening a FIFO waits for a writer.
func checkPEM(name string, key bool) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return settings.Errorf(ErrFile, "%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return settings.Errorf(ErrFile, "open %s: %s", name, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes))
	if err != nil {
		return settings.Errorf(ErrFile, "read %s: %s", name, reason(err))
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
