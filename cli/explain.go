package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/sampling"
)

// rateKey is the key of the rate, which a sampling server can decide.
const rateKey = "sample_rate"

// explain takes a key, a file, or both: the first argument is a key unless it looks like a file.
var explain = command{
	name: "explain", args: "[key] [file...]",
	doc:    "prints a key's value, its source and the values it hides; without a key, all values that a source sets",
	define: func(*pflag.FlagSet) func(inv *invocation) int { return (*invocation).explain },
}

// explain prints all keys that a source sets, and the ignored values, if it is not limited to one key. The first
// argument can only be a key or a file, so a key needs no flag of its own. A misspelt key that is also not a file is
// reported as a key, because keys are misspelt more often.
func (inv *invocation) explain() int {
	key, files := "", inv.args
	if len(files) > 0 && !looksLikeFile(files[0]) {
		key, files = files[0], files[1:]
	}
	cfg := inv.load(files)
	if cfg == nil {
		return exitProblems
	}
	if key != "" {
		return inv.explainKey(cfg, key)
	}
	keys := cfg.Keys()
	if sampling.IsRemote(cfg.Sampling.Sampler) && !slices.Contains(keys, rateKey) {
		keys = append(keys, rateKey) // its source is the sampling server
	}
	for _, key := range keys {
		x, _ := cfg.Explain(key)
		fmt.Fprint(inv.Stdout, x)
	}
	for _, d := range cfg.Ignored() {
		fmt.Fprintln(inv.Stdout, d.Error())
	}
	return exitOK
}

// looksLikeFile reports whether arg is a file and not a key: it contains a slash or has the extension of YAML or JSON.
// A key has neither a slash nor such an extension, so that a file of another name is written as ./name.
func looksLikeFile(arg string) bool {
	return strings.ContainsAny(arg, `/\`) || slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(arg)))
}

// explainKey explains one key, which may have its built-in default. A key with a default has an explanation too: that
// no source sets it is an answer.
func (inv *invocation) explainKey(cfg *config.Config, key string) int {
	x, ok := cfg.Explain(key)
	if !ok {
		return inv.misused("unknown key %s%s", phrase.Quote(key), nearKey(key))
	}
	fmt.Fprint(inv.Stdout, x)
	return exitOK
}

// nearKey returns a hint for an unknown key: the key that the variable name sets, or the nearest key. An operator often
// has the name of a variable at hand, from a deployment, and wants to know which key it sets.
func nearKey(name string) string {
	for _, k := range config.Table(nil) {
		if name == k.Env || slices.Contains(k.OTel, name) {
			return "; did you mean " + phrase.Quote(k.Path) + "?"
		}
	}
	return nearest(name, keyNames())
}

// keyNames returns the paths of all keys, including deprecated aliases.
func keyNames() []string {
	var names []string
	for _, k := range config.Table(nil) {
		names = append(append(names, k.Path), k.Aliases...)
	}
	return names
}
