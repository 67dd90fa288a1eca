package cli

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
)

var explain = command{
	name: "explain", args: "[key] [file...]",
	doc:    "prints a key's value, where it came from and what it hides; without a key, all that a layer set",
	define: func(*flag.FlagSet) func(c *call) int { return (*call).explain },
}

func (c *call) explain() int {
	key, files := "", c.args
	if len(files) > 0 && !looksLikeFile(files[0]) {
		key, files = files[0], files[1:]
	}
	cfg := c.load(files)
	if cfg == nil {
		return problems
	}
	if key != "" {
		return c.explainKey(cfg, key)
	}
	for _, key := range cfg.Keys() {
		x, _ := cfg.Explain(key)
		fmt.Fprint(c.Stdout, x)
	}
	for _, d := range cfg.Ignored() {
		fmt.Fprintln(c.Stdout, d.Error())
	}
	return fine
}

// looksLikeFile tells files from keys: a key has no slash and does not end like YAML or JSON.
func looksLikeFile(arg string) bool {
	return strings.ContainsAny(arg, `/\`) || slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(arg)))
}

func (c *call) explainKey(cfg *config.Config, key string) int {
	x, ok := cfg.Explain(key)
	if !ok {
		return c.misused("unknown key %s%s", phrase.Quote(key), nearKey(key))
	}
	fmt.Fprint(c.Stdout, x)
	return fine
}

// nearKey is the hint for a name that is no key: the key of the variable with this name, or the nearest key.
func nearKey(name string) string {
	for _, k := range config.Table(nil) {
		if name == k.Env || slices.Contains(k.OTel, name) {
			return "; did you mean " + phrase.Quote(k.Path) + "?"
		}
	}
	return nearest(name, keyNames())
}

func keyNames() []string {
	var names []string
	for _, k := range config.Table(nil) {
		names = append(append(names, k.Path), k.Aliases...)
	}
	return names
}
