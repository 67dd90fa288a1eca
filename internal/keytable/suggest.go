package keytable

import (
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/schema"
)

// Suggest returns the hint for a name that section does not have: the nearest key there, or the section where a key of
// this name is. The sections of selected exporters are preferred.
//
// In this order: another letter case, a path written with dots, a key of this name in another section, the nearest name
// by edit distance, and a longer name that contains this one as a word.
func (t *Table) Suggest(section, name string, selected []string) string {
	names := t.children[section]
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
		return DidYouMean(names[i])
	}
	if strings.Contains(name, ".") {
		return "nest it"
	}
	if path := t.elsewhere(section, name, selected); path != "" {
		hint := "it belongs in " + path
		if k := t.byPath[path]; k.Exporter != "" && slices.Contains(selected, k.Exporter) && !strings.HasPrefix(section, k.Exporter) {
			hint += " (exporter_type is " + k.Exporter + ")"
		}
		return hint
	}
	if near, ok := phrase.Nearest(name, names); ok {
		return DidYouMean(near)
	}
	if longer := t.longer(section, name); longer != "" {
		return DidYouMean(longer)
	}
	return ""
}

// DidYouMean returns the hint that proposes name.
func DidYouMean(name string) string { return "did you mean " + phrase.Quote(name) + "?" }

// SuggestEnv returns the nearest name of a variable, without prefix. A name may begin with TRACING_, which is not a part
// of the names of variables.
func (t *Table) SuggestEnv(name string) (near string, ok bool) {
	var names []string
	for env := range t.byEnv {
		names = append(names, env)
	}
	slices.Sort(names)
	if near, ok = phrase.Nearest(name, names); ok {
		return near, ok
	}
	inner, found := strings.CutPrefix(name, "TRACING_")
	if !found {
		return "", false
	}
	return phrase.Nearest(inner, names)
}

// SuggestFlag returns the nearest name of a flag, without prefix.
func (t *Table) SuggestFlag(name string) (near string, ok bool) {
	var names []string
	for _, k := range t.Keys {
		names = append(names, strings.TrimPrefix(schema.FlagName(k.Path), FlagPrefix))
	}
	slices.Sort(names)
	return phrase.Nearest(name, names)
}

// longer returns the only key of section whose name has name among its words, such as agent_host_name for host. In the
// section of an exporter it looks into nested sections too. The result is relative to section, "" if no key or several
// match.
func (t *Table) longer(section, name string) string {
	found := ""
	for _, k := range t.Keys {
		_, last := Split(k.Path)
		if !strings.Contains(last, name) || !strings.Contains("_"+last+"_", "_"+name+"_") {
			continue // a file of 20 000 unknown keys is compared with all keys
		}
		path, below := k.Path, section == "" && k.Path == last
		if section != "" {
			path, below = strings.CutPrefix(k.Path, section+".")
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

// elsewhere finds a key that has name in another section: first within the same exporter, then among the selected
// exporters, then anywhere if there is only one.
func (t *Table) elsewhere(section, name string, selected []string) string {
	owner, _, _ := strings.Cut(section, ".")
	var found []*Key
	for _, k := range t.Keys {
		if _, last := Split(k.Path); last == name {
			found = append(found, k)
		}
		for _, alias := range k.Aliases {
			if _, last := Split(alias); last == name && k.Exporter != "" && k.Exporter == owner {
				return k.Path
			}
		}
	}
	for _, of := range append([]string{owner}, selected...) {
		for _, k := range found {
			if of != "" && k.Exporter == of {
				return k.Path
			}
		}
	}
	if len(found) > 0 && (len(found) == 1 || found[0].Exporter == "") {
		return found[0].Path
	}
	return ""
}
