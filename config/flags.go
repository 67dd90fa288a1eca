package config

import (
	"flag"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// RegisterFlags defines --config, which may be repeated, and a flag --tracing.<key> for each of the given keys, all
// keys of registry.Default() if none is given. The flags have no defaults: one that the user does not write takes
// no part. A key that does not exist and a flag that is defined already panic, as in package flag.
func RegisterFlags(fs *flag.FlagSet, keys ...string) {
	t := tableOf(registry.Default())
	fs.Var(new(textFlag), "config", "YAML `file` with the section tracing; repeated, a later one wins")
	if len(keys) == 0 {
		for _, k := range t.keys {
			keys = append(keys, k.path)
		}
	}
	for _, path := range keys {
		k, _ := t.lookup(path)
		if k == nil {
			panic("config: no key is called " + path)
		}
		fs.Var(&textFlag{bool: k.Type == settings.TypeBool}, schema.FlagName(path), usage(k))
	}
}

// usage is the help text of a key; its back-quoted word is what the help calls the value.
func usage(k *key) string {
	kind := string(k.Type)
	if len(k.Enum) > 0 {
		kind = strings.Join(k.Enum, "|")
	}
	if k.Type == settings.TypeBool {
		return k.Doc
	}
	return strings.ReplaceAll(k.Doc, "`", "'") + " (`" + kind + "`)"
}

// FlagsOf lists the flags of fs that the user wrote, for Sources.Flags. Call Load after fs is parsed.
func FlagsOf(fs *flag.FlagSet) FlagSource {
	return func(yield func(name, value string) bool) {
		fs.Visit(func(f *flag.Flag) {
			texts := []string{f.Value.String()}
			if t, ok := f.Value.(*textFlag); ok {
				texts = t.texts
			}
			for _, text := range texts {
				if yield != nil && !yield(f.Name, text) {
					yield = nil // Visit cannot be stopped
				}
			}
		})
	}
}

// A textFlag keeps what was written; Load converts it, where the message can say more.
type textFlag struct {
	texts []string
	bool  bool
}

func (f *textFlag) String() string {
	if f == nil || len(f.texts) == 0 {
		return ""
	}
	return f.texts[len(f.texts)-1]
}

func (f *textFlag) Set(text string) error {
	f.texts = append(f.texts, text)
	return nil
}

// IsBoolFlag lets --tracing.enabled stand alone.
func (f *textFlag) IsBoolFlag() bool { return f.bool }

// KeyInfo is one row of the key table: everything a person may want to know about a key.
type KeyInfo struct {
	settings.Key        // Path and Aliases are from the section, Default is nil for secrets
	Exporter     string // "" for common keys
	Env          string // its variable, with the prefix SPANROUTE_
	Flag         string // its flag, without dashes
}

// Table lists every key there is with the exporters of r, nil for registry.Default(), in the order of the
// documentation.
func Table(r *registry.Registry) []KeyInfo {
	s := Sources{Registry: r}
	var rows []KeyInfo
	for _, k := range tableOf(s.registry()).keys {
		row := KeyInfo{
			Key: k.Key, Exporter: k.exporter, Env: schema.EnvName("SPANROUTE_", k.path), Flag: schema.FlagName(k.path),
		}
		row.Path, row.Aliases, row.OTel, row.Enum = k.path, slices.Clone(k.aliases), slices.Clone(k.OTel), slices.Clone(k.Enum)
		rows = append(rows, row)
	}
	return rows
}
