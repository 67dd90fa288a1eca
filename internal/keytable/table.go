// Package keytable holds the table of all configuration keys: the common keys and those of the exporters, with every
// name that a key has in a file, a variable or a flag.
package keytable

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry/settings"
)

// A Key is one row of the table. The paths of the embedded key begin at the section: "jaeger.thrift.agent_port".
type Key struct {
	settings.Key
	Exporter string // the exporter that the key belongs to; "" for common keys
	Local    string // the path from the exporter's section, or Path for common keys
}

// Headers reports whether the key holds HTTP headers or gRPC metadata.
func (k *Key) Headers() bool { return k.Format == "headers" || k.Format == "metadata" }

// An Exporter describes the section of one exporter. The paths of its keys begin there.
type Exporter struct {
	Name             string
	Aliases          []string
	TimeoutVariables []string // OTEL_* variables of its timeout
	Keys             []settings.Key
}

// A Table holds every key of a program. It never changes after [New] and [Table.AddExporter].
//
// How it works: the common keys come from the tags of config.Config, the others from the tags of the settings of each
// registered exporter, whose paths get the exporter's name in front. Each exporter also gets a key for its timeout. From
// the path and the aliases of a key follow the names of its variables and of its flag, so that a new tag is all that a
// new key needs. The table also serves hints: Suggest finds the intended name for a misspelt one, and the functions about
// words recognize keys and secrets in lines that are not YAML.
type Table struct {
	Keys        []*Key   // in the order of the documentation
	Names       []string // registered exporters
	Propagators []string // registered propagators
	Faults      []string // names that two keys claim

	byPath     map[string]*Key // canonical paths
	byAlias    map[string]*Key
	byEnv      map[string]*Key // by the name without prefix; aliases too
	sections   map[string]bool
	children   map[string][]string // names in a section, aliases too
	exporters  map[string]string   // name or alias -> name
	words      map[string]bool     // names of all keys and sections, aliases too
	secrets    []string            // names of secret keys
	importPath func(string) string // of a known exporter; "" for any other name
}

// New returns a table of the common keys. importPath returns the import path of an exporter by its name, also of one that
// is not linked into the program, and "" for other names.
func New(common []settings.Key, importPath func(string) string) *Table {
	t := &Table{
		byPath: map[string]*Key{}, byAlias: map[string]*Key{}, byEnv: map[string]*Key{},
		sections: map[string]bool{"": true}, children: map[string][]string{}, exporters: map[string]string{},
		words: map[string]bool{"tracing": true, "api_server": true}, importPath: importPath,
	}
	for _, k := range common {
		t.add(&Key{Key: k, Local: k.Path})
	}
	return t
}

// AddExporter adds the section of an exporter. A name that is taken is a fault of the table.
func (t *Table) AddExporter(x Exporter) {
	t.Names = append(t.Names, x.Name)
	if t.taken(x.Name) {
		t.Faults = append(t.Faults, "exporter "+x.Name+" has the name of a common key")
		return
	}
	t.exporters[x.Name] = x.Name
	for _, alias := range x.Aliases {
		if t.taken(alias) {
			t.Faults = append(t.Faults, "exporter "+x.Name+" has an alias, "+alias+", that is the name of a common key")
			continue
		}
		t.exporters[alias] = x.Name
	}
	t.section(x.Name)
	t.add(&Key{Exporter: x.Name, Local: "timeout", Key: settings.Key{
		Path: x.Name + ".timeout", Type: settings.TypeDuration, OTel: x.TimeoutVariables, Format: "timeout", Overrides: "timeout",
		Doc: "bound of one attempt to deliver, instead of the common timeout",
	}})
	for _, k := range x.Keys {
		row := &Key{Key: k, Exporter: x.Name, Local: k.Path}
		row.Path, row.With, row.Overrides = x.Name+"."+k.Path, below(x.Name, k.With), below(x.Name, k.Overrides)
		row.Aliases = nil
		for _, alias := range k.Aliases {
			row.Aliases = append(row.Aliases, x.Name+"."+alias)
		}
		t.add(row)
	}
}

// below returns path in section, "" for an empty path.
func below(section, path string) string {
	if path == "" {
		return ""
	}
	return section + "." + path
}

// taken reports whether name is that of a key or section outside the exporters' sections.
func (t *Table) taken(name string) bool {
	k, _ := t.Lookup(name)
	return k != nil || t.sections[name] && t.exporters[name] == ""
}

// add enters a key with all its names.
func (t *Table) add(k *Key) {
	if t.byPath[k.Path] != nil {
		t.Faults = append(t.Faults, "two keys are called "+k.Path)
		return
	}
	t.Keys = append(t.Keys, k)
	t.byPath[k.Path] = k
	t.name(k, k.Path)
	for _, alias := range k.Aliases {
		t.byAlias[alias] = k
		t.name(k, alias)
	}
}

// name claims a path or an alias for k, and the name of its variable: a.b_c and a_b.c would share one.
func (t *Table) name(k *Key, path string) {
	section, name := Split(path)
	t.section(section)
	t.children[section] = append(t.children[section], name)
	t.words[name] = true
	if k.Secret && !slices.Contains(t.secrets, name) {
		t.secrets = append(t.secrets, name)
	}
	env := schema.EnvName("", path)
	if other := t.byEnv[env]; other != nil && other != k {
		t.Faults = append(t.Faults, "the variable of "+path+" is also that of "+other.Path)
		return
	}
	t.byEnv[env] = k
}

// section enters a section and those around it.
func (t *Table) section(path string) {
	for !t.sections[path] {
		t.sections[path] = true
		outer, name := Split(path)
		t.children[outer] = append(t.children[outer], name)
		t.words[name] = true
		path = outer
	}
}

// Key returns the key with a canonical path, nil if it does not exist.
func (t *Table) Key(path string) *Key { return t.byPath[path] }

// Lookup finds a key by its path or an alias. It returns nil for any other path.
func (t *Table) Lookup(path string) (k *Key, alias bool) {
	if k = t.byPath[path]; k != nil {
		return k, false
	}
	k = t.byAlias[path]
	return k, k != nil
}

// LookupEnv finds a key by the name of its variable without prefix.
func (t *Table) LookupEnv(name string) (k *Key, alias bool) {
	k = t.byEnv[name]
	return k, k != nil && schema.EnvName("", k.Path) != name
}

// LookupFlag finds a key by the name of its flag, with - or _.
func (t *Table) LookupFlag(name string) (k *Key, alias bool) {
	return t.Lookup(strings.ReplaceAll(strings.TrimPrefix(name, FlagPrefix), "-", "_"))
}

// FlagPrefix begins the flags of all keys.
const FlagPrefix = "tracing."

// HasSection reports whether path is a section.
func (t *Table) HasSection(path string) bool { return t.sections[path] }

// Children returns the names of keys and sections in a section, aliases included.
func (t *Table) Children(section string) []string { return t.children[section] }

// Exporter returns the registered name of an exporter by its name or an alias, "" for any other name.
func (t *Table) Exporter(name string) string { return t.exporters[name] }

// ExporterNames returns the names and aliases of the registered exporters, sorted.
func (t *Table) ExporterNames() []string { return slices.Sorted(maps.Keys(t.exporters)) }

// Unlinked returns the name and the import path of an exporter of spanroute that is not linked into the program. Both are
// empty for any other name.
//
// Settings of such an exporter are expected where one configuration serves several programs, so that they are a
// warning.
func (t *Table) Unlinked(name string) (exporter, importPath string) {
	importPath = t.importPath(name)
	if t.exporters[name] != "" || importPath == "" {
		return "", ""
	}
	return path.Base(importPath), importPath
}

// Split cuts a path at its last dot: section and name.
func Split(path string) (section, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// Join returns the path of name in section.
func Join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
