package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/registry"
)

// An invocation is one run of a command: its positional arguments and the sources of the configuration.
type invocation struct {
	Program
	ctx   context.Context
	args  []string
	flags config.FlagSource
}

// sources returns the sources of a configuration that is read from files. Without files, --config or SPANROUTE_CONFIG
// applies. The files are passed as the flag --config, so that they have the position that a service gives to that flag
// among its sources.
func (inv *invocation) sources(files []string) config.Sources {
	s := config.Sources{Environ: inv.Environ, Flags: inv.flags}
	if len(files) == 0 {
		return s
	}
	flags := inv.flags
	s.Files = files
	s.Flags = func(yield func(string, string) bool) { // the arguments replace --config
		for _, file := range files {
			if !yield("config", file) {
				return
			}
		}
		for name, value := range flags {
			if name != "config" && !yield(name, value) {
				return
			}
		}
	}
	return s
}

// misused reports wrong usage and returns its exit code.
func (inv *invocation) misused(format string, args ...any) int {
	fmt.Fprintf(inv.Stderr, inv.Name+": "+format+"\n", args...)
	return exitUsage
}

// writeTo writes text to a file, or to standard output if name is empty, and returns the exit code.
func (inv *invocation) writeTo(name string, text []byte) int {
	if name == "" {
		_, _ = inv.Stdout.Write(text) // a closed standard output cannot be reported anywhere
		return exitOK
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		fmt.Fprintf(inv.Stderr, "%s: %s\n", inv.Name, err)
		return exitProblems
	}
	return exitOK
}

// load returns the configuration. If it has errors, load prints them to standard error and returns nil. Warnings are
// printed by validate alone, because the other commands answer another question.
func (inv *invocation) load(files []string) *config.Config {
	cfg, all := config.Diagnose(inv.sources(files))
	if cfg == nil {
		_ = all.Errors().WriteText(inv.Stderr, inv.Color)
		inv.explainPlugins(all)
	}
	return cfg
}

// explainPlugins explains how to link a plugin if the configuration selects an exporter or a propagator that is not
// registered and not similar to one that is. It is probably that of a plugin.
func (inv *invocation) explainPlugins(all config.Diagnostics) {
	if errors.Is(all, registry.ErrUnknown) {
		fmt.Fprintf(inv.Stderr, "the exporter or propagator of a plugin must be linked in: write a program that imports the plugin and calls cli.Main "+
			"of github.com/spanroute/spanroute/cli, and run it instead of %s\n", inv.Name)
	}
}

// nearest returns a hint with the nearest of names, or "".
func nearest(name string, names []string) string {
	if hint := phrase.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}
