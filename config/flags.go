package config

import (
	"flag"
	"strings"

	"github.com/spanroute/spanroute/internal/keytable"
	"github.com/spanroute/spanroute/internal/schema"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// RegisterFlags defines --config, which may be repeated, and a flag --tracing.<key> for each of the given keys, all
// keys of registry.Default() without arguments. The flags have no defaults: a flag that the user does not write has no
// effect. An unknown key and a flag that is defined twice panic, as in package flag.
//
// The names of other flags of the program must not begin with tracing and a dot, because Load reports such names as unknown.
func RegisterFlags(fs *flag.FlagSet, keys ...string) {
	t := tableOf(registry.Default())
	fs.Var(new(textFlag), "config", "YAML `file` with the section tracing; repeated, a later one takes precedence")
	if len(keys) == 0 {
		for _, k := range t.Keys {
			keys = append(keys, k.Path)
		}
	}
	for _, path := range keys {
		k, _ := t.Lookup(path)
		if k == nil {
			panic("config: unknown key " + path)
		}
		fs.Var(&textFlag{bool: k.Type == settings.TypeBool}, schema.FlagName(path), usage(k))
	}
}

// usage returns the help text of a key. Its back-quoted word names the value.
func usage(k *keytable.Key) string {
	kind := string(k.Type)
	if len(k.Enum) > 0 {
		kind = strings.Join(k.Enum, "|")
	}
	if k.Type == settings.TypeBool {
		return k.Doc
	}
	return strings.ReplaceAll(k.Doc, "`", "'") + " (`" + kind + "`)"
}

// FlagsOf returns the flags of fs that the user wrote, for Sources.Flags. Call Load after fs is parsed.
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

// A textFlag keeps the text of a flag. Load converts it, because its messages are better than those of package flag.
type textFlag struct {
	texts []string
	bool  bool
}

// String returns the last text. Package flag calls it on a nil flag too, to find out the default.
func (f *textFlag) String() string {
	if f == nil || len(f.texts) == 0 {
		return ""
	}
	return f.texts[len(f.texts)-1]
}

// Set keeps text. It never fails, because Load reports invalid values together with all other problems.
func (f *textFlag) Set(text string) error {
	f.texts = append(f.texts, text)
	return nil
}

// IsBoolFlag allows --tracing.enabled without a value.
func (f *textFlag) IsBoolFlag() bool { return f.bool }
