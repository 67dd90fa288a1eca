package config

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// A key is one row of the key table: a field of common or of an exporter's settings.
type key struct {
	settings.Key
	path      string   // from the section: "jaeger.thrift.agent_port"
	aliases   []string // of the same form
	with      string   // of the same form: the key that must be set too; may be empty
	overrides string   // of the same form: the more general key, whose value a higher layer gives both; may be empty
	exporter  string   // "" for common keys
}

// table is every key there is, made from struct tags. It never changes.
type table struct {
	keys      []*key
	byPath    map[string]*key // canonical paths
	byAlias   map[string]*key
	byOTel    map[string][]*key
	byEnv     map[string]*key // by the name without prefix; aliases too
	sections  map[string]bool
	children  map[string][]string // names in a section, aliases too
	exporters map[string]string   // name or alias -> name
	names     []string            // registered exporters
	words     map[string]bool     // names of all keys and sections, aliases too
	secrets   []string            // names of secret keys
	faults    []string            // two keys with one name
}

// commonSchema holds the tags of common; that it can be made is shown by a test.
var commonSchema = func() *schema.Schema {
	s, err := schema.Of(commonDefaults)
	if err != nil {
		panic(err)
	}
	return s
}()

// lastTable is the table of the last registry, so that a reload does not build it anew.
var lastTable atomic.Pointer[cachedTable]

type cachedTable struct {
	registry *registry.Registry
	names    []string
	table    *table
}

func tableOf(r *registry.Registry) *table {
	names := r.Names()
	if c := lastTable.Load(); c != nil && c.registry == r && slices.Equal(c.names, names) {
		return c.table
	}
	t := newTable(r, names)
	lastTable.Store(&cachedTable{r, names, t})
	return t
}

func newTable(r *registry.Registry, names []string) *table {
	t := &table{
		byPath: map[string]*key{}, byAlias: map[string]*key{}, byOTel: map[string][]*key{}, byEnv: map[string]*key{},
		sections: map[string]bool{"": true}, children: map[string][]string{}, exporters: map[string]string{}, names: names, words: map[string]bool{"tracing": true, "api_server": true},
	}
	for _, k := range commonSchema.Keys() {
		t.add(&key{Key: k, path: k.Path, aliases: k.Aliases})
	}
	for _, name := range names {
		d, err := r.Describe(name)
		if err != nil {
			t.faults = append(t.faults, err.Error())
			continue
		}
		t.addExporter(d)
	}
	return t
}

func (t *table) addExporter(d registry.Description) {
	if t.taken(d.Name) {
		t.faults = append(t.faults, "exporter "+d.Name+" has the name of a common key")
		return
	}
	t.exporters[d.Name] = d.Name
	for _, alias := range d.Aliases {
		if t.taken(alias) {
			t.faults = append(t.faults, "exporter "+d.Name+" has an alias, "+alias+", that is the name of a common key")
			continue
		}
		t.exporters[alias] = d.Name
	}
	t.section(d.Name)
	t.add(&key{
		Key: settings.Key{
			Path: "timeout", Type: settings.TypeDuration, OTel: d.TimeoutVariables,
			Doc: "bound of one attempt to deliver, instead of the common timeout",
		},
		path: d.Name + ".timeout", exporter: d.Name, overrides: "timeout",
	})
	for _, k := range d.Keys {
		row := &key{Key: k, path: d.Name + "." + k.Path, exporter: d.Name}
		if k.With != "" {
			row.with = d.Name + "." + k.With
		}
		if k.Overrides != "" {
			row.overrides = d.Name + "." + k.Overrides
		}
		for _, alias := range k.Aliases {
			row.aliases = append(row.aliases, d.Name+"."+alias)
		}
		t.add(row)
	}
}

// taken reports whether name is that of a key or section outside the exporters' sections.
func (t *table) taken(name string) bool {
	k, _ := t.lookup(name)
	return k != nil || t.sections[name] && t.exporters[name] == ""
}

// add enters a key with all its names. A name that is taken is a fault of the table.
func (t *table) add(k *key) {
	if t.byPath[k.path] != nil {
		t.faults = append(t.faults, "two keys are called "+k.path)
		return
	}
	t.keys = append(t.keys, k)
	t.byPath[k.path] = k
	t.name(k, k.path)
	for _, alias := range k.aliases {
		t.byAlias[alias] = k
		t.name(k, alias)
	}
	for _, variable := range k.OTel {
		t.byOTel[variable] = append(t.byOTel[variable], k)
	}
}

func (t *table) name(k *key, path string) {
	section, name := splitPath(path)
	t.section(section)
	t.children[section] = append(t.children[section], name)
	t.words[name] = true
	if k.Secret && !slices.Contains(t.secrets, name) {
		t.secrets = append(t.secrets, name)
	}
	env := schema.EnvName("", path)
	if other := t.byEnv[env]; other != nil && other != k {
		t.faults = append(t.faults, "the variable of "+path+" is also that of "+other.path)
		return
	}
	t.byEnv[env] = k
}

// section enters a section and those around it.
func (t *table) section(path string) {
	for !t.sections[path] {
		t.sections[path] = true
		outer, name := splitPath(path)
		t.children[outer] = append(t.children[outer], name)
		t.words[name] = true
		path = outer
	}
}

// lookup finds a key by its path or an alias.
func (t *table) lookup(path string) (k *key, alias bool) {
	if k = t.byPath[path]; k != nil {
		return k, false
	}
	k = t.byAlias[path]
	return k, k != nil
}

// lookupFlag finds a key by the name of its flag, with - or _.
func (t *table) lookupFlag(name string) (k *key, alias bool) {
	return t.lookup(strings.ReplaceAll(strings.TrimPrefix(name, flagPrefix), "-", "_"))
}

// cutProtocol separates an exporter and its protocol that were written as one word, such as otlphttp or otlp/http. For a
// protocol alone it returns all exporters that have it.
func (t *table) cutProtocol(word string) (exporters []string, protocol string) {
	for _, name := range t.names {
		k := t.byPath[name+".protocol"]
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

// flagPrefix begins the flags of all keys.
const flagPrefix = "tracing."

// splitPath cuts a path at its last dot: section and name.
func splitPath(path string) (section, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func joinPath(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

// suggest returns the hint for a name that section does not have: the nearest key there, or the section where a
// key of this name is. selected are the exporters in use; their sections are preferred.
func (t *table) suggest(section, name string, selected []string) string {
	names := t.children[section]
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
		return didYouMean(names[i])
	}
	if strings.Contains(name, ".") {
		return "nest it"
	}
	if path := t.elsewhere(section, name, selected); path != "" {
		hint := "it belongs in " + path
		if k := t.byPath[path]; k.exporter != "" && slices.Contains(selected, k.exporter) && !strings.HasPrefix(section, k.exporter) {
			hint += " (exporter_type is " + k.exporter + ")"
		}
		return hint
	}
	if near, ok := phrase.Nearest(name, names); ok {
		return didYouMean(near)
	}
	if longer := t.longer(section, name); longer != "" {
		return didYouMean(longer)
	}
	return ""
}

// longer returns the only key of section whose name has name among its words, such as agent_host_name for host. In the
// section of an exporter it looks into nested sections too. The result is relative to section, "" if no key or several
// match.
func (t *table) longer(section, name string) string {
	found := ""
	for _, k := range t.keys {
		_, last := splitPath(k.path)
		if !strings.Contains(last, name) || !strings.Contains("_"+last+"_", "_"+name+"_") {
			continue // a file of 20 000 unknown keys is compared with all keys
		}
		path, below := k.path, section == "" && k.path == last
		if section != "" {
			path, below = strings.CutPrefix(k.path, section+".")
		}
		if !below {
			continue
		}
		if found != "" {
			return ""
		}
		found = path
	}
	return found
}

func didYouMean(name string) string { return "did you mean " + phrase.Quote(name) + "?" }

// elsewhere finds a key that has name in another section: first within the same exporter, then among the selected
// exporters, then anywhere if there is only one.
func (t *table) elsewhere(section, name string, selected []string) string {
	owner, _, _ := strings.Cut(section, ".")
	var found []*key
	for _, k := range t.keys {
		if _, last := splitPath(k.path); last == name {
			found = append(found, k)
		}
		for _, alias := range k.aliases {
			if _, last := splitPath(alias); last == name && k.exporter != "" && k.exporter == owner {
				return k.path
			}
		}
	}
	for _, of := range append([]string{owner}, selected...) {
		for _, k := range found {
			if of != "" && k.exporter == of {
				return k.path
			}
		}
	}
	if len(found) > 0 && (len(found) == 1 || found[0].exporter == "") {
		return found[0].path
	}
	return ""
}
