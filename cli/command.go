package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
)

// A command is selected by the first argument of the program.
//
// How it works. [Program.Run] looks up the command and calls run. run lets the command define its own flags, adds
// --config and a flag for each key, and parses the arguments with package pflag. It then passes an [invocation] to the
// function that define returned. That function loads the configuration with load, which prints the errors, writes its
// result to Stdout, and returns an exit code. All commands read files, variables and flags through sources, so that they
// see the configuration that a service with the same input would use.
type command struct {
	name string
	args string // for the usage line
	doc  string // one sentence
	// define adds the flags of the command to fs and returns the function to call after parsing.
	define func(fs *pflag.FlagSet) func(inv *invocation) int
}

// commands returns all commands in the order of the help.
func commands() []command {
	return []command{validate, printing, explain, listing, send}
}

// An invocation is one run of a command: its positional arguments and the sources of the configuration.
type invocation struct {
	Program
	ctx   context.Context
	args  []string
	flags config.FlagSource
}

// sources returns the sources of a configuration that is read from files. Without files, --config or SPANROUTE_CONFIG
// applies.
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

// unknownCommand reports an unknown command with the nearest name, or with the help if no name is near.
func (p Program) unknownCommand(name string) int {
	names := []string{"help", "version"}
	for _, cmd := range commands() {
		names = append(names, cmd.name)
	}
	if hint := phrase.DidYouMean(name, names); hint != "" {
		fmt.Fprintf(p.Stderr, "%s: unknown command %s; %s\n", p.Name, phrase.Quote(name), hint)
		return exitUsage
	}
	fmt.Fprintf(p.Stderr, "%s: unknown command %s\n\n", p.Name, phrase.Quote(name))
	p.help(p.Stderr)
	return exitUsage
}

func (cmd command) run(ctx context.Context, args []string, p Program) int {
	fs := newFlagSet(cmd.name)
	do := cmd.define(fs)
	usage := cmd.usage(p.Name) + describeFlags(fs)
	defineKeys(fs)
	switch err := fs.Parse(doubleDashes(fs, args)); {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(p.Stdout, usage)
		return exitOK
	case err != nil:
		fmt.Fprintf(p.Stderr, "%s %s: %s\n%s", p.Name, cmd.name, describeFlagError(fs, err), usage)
		return exitUsage
	}
	return do(&invocation{Program: p, ctx: ctx, args: fs.Args(), flags: keysOf(fs)})
}

func (cmd command) usage(program string) string {
	return fmt.Sprintf("usage: %s %s\n%s\n", program, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
}

func (p Program) help(w io.Writer) {
	fmt.Fprintf(w, "%s checks, prints and explains tracing configurations\n\n", p.Name)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %s %-46s %s\n", p.Name, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
	}
	fmt.Fprintf(w, "  %s version\n\nFiles: the arguments, otherwise --config, otherwise SPANROUTE_CONFIG. Exit codes: 0 OK, 1 problems, 2 wrong usage.\n", p.Name)
}
