package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/phrase"
)

// A command is the first argument of the program.
type command struct {
	name string
	args string // for the usage line
	doc  string // one sentence
	// define adds the command's own flags to fs and returns what runs after they are parsed.
	define func(fs *flag.FlagSet) func(c *call) int
}

// commands are listed in the order of the help. A new command is one more row.
func commands() []command {
	return []command{validate, printing, explain, listing, send}
}

// A call is one run of a command: its positional arguments, and where values come from.
type call struct {
	Program
	ctx   context.Context
	args  []string
	flags config.FlagSource
}

// sources are those of a program whose files are the given ones.
func (c *call) sources(files []string) config.Sources {
	s := config.Sources{Environ: c.Environ, Flags: c.flags}
	if len(files) == 0 {
		return s
	}
	flags := c.flags
	s.Files = files
	s.Flags = func(yield func(string, string) bool) { // arguments stand in for --config
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

// misused prints what is wrong with the command line and returns the exit code for it.
func (c *call) misused(format string, args ...any) int {
	fmt.Fprintf(c.Stderr, c.Name+": "+format+"\n", args...)
	return usage
}

// unknownCommand prints the nearest command, or the help where none is near.
func (p Program) unknownCommand(name string) int {
	names := []string{"help", "version"}
	for _, cmd := range commands() {
		names = append(names, cmd.name)
	}
	if hint := phrase.DidYouMean(name, names); hint != "" {
		fmt.Fprintf(p.Stderr, "%s: unknown command %s; %s\n", p.Name, phrase.Quote(name), hint)
		return usage
	}
	fmt.Fprintf(p.Stderr, "%s: unknown command %s\n\n", p.Name, phrase.Quote(name))
	p.help(p.Stderr)
	return usage
}

func (cmd command) run(ctx context.Context, args []string, p Program) int {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := cmd.define(fs)
	own := cmd.ownFlags(fs)
	config.RegisterFlags(fs)
	positional, err := parse(fs, dashed(args))
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.Stdout, cmd.usage(p.Name), own)
		return fine
	case err != nil:
		fmt.Fprintf(p.Stderr, "%s %s: %s\n%s%s", p.Name, cmd.name, flagFault(fs, err), cmd.usage(p.Name), own)
		return usage
	}
	return do(&call{Program: p, ctx: ctx, args: positional, flags: config.FlagsOf(fs)})
}

// flagFault is an error of package flag; of an unknown flag with the nearest one, or the key that has its name.
func flagFault(fs *flag.FlagSet, err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return err.Error()
	}
	fault := "unknown flag " + phrase.Quote("--"+strings.TrimLeft(name, "-"))
	name = strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-")
	if key := keyFlag + name; fs.Lookup(key) != nil {
		return fault + "; did you mean " + phrase.Quote("--"+key) + "?"
	}
	var names, keys []string
	fs.VisitAll(func(f *flag.Flag) {
		names = append(names, f.Name)
		keys = append(keys, strings.TrimPrefix(f.Name, keyFlag))
	})
	near, ok := phrase.Nearest(name, names)
	if !ok {
		if near, ok = phrase.Nearest(name, keys); ok && fs.Lookup(near) == nil {
			near = keyFlag + near
		}
	}
	if !ok {
		return fault
	}
	return fault + "; did you mean " + phrase.Quote("--"+near) + "?"
}

// keyFlag begins the flag of a key.
const keyFlag = "tracing."

// dashed writes the flags of keys with - where people wrote _, as their keys have it.
func dashed(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(arg, "=")
		if strings.HasPrefix(name, "-tracing.") || strings.HasPrefix(name, "--tracing.") {
			out[i] = strings.ReplaceAll(name, "_", "-") + arg[len(name):]
		}
	}
	return out
}

// parse takes flags before, between and behind the arguments; "--" ends them.
func parse(fs *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(positional, rest...), nil
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
}

func (cmd command) usage(program string) string {
	return fmt.Sprintf("usage: %s %s\n%s\n", program, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
}

// ownFlags describes the flags of the command itself, before those of the keys are added.
func (cmd command) ownFlags(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-14s %s\n", f.Name, f.Usage)
	})
	return b.String() + "  --config        a file, may be repeated\n  --tracing.<key> a key of the section\n"
}

func (p Program) help(w io.Writer) {
	fmt.Fprintf(w, "%s checks, prints and explains configurations of tracing\n\n", p.Name)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %s %-46s %s\n", p.Name, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
	}
	fmt.Fprintf(w, "  %s version\n\nFiles are arguments, else --config, else SPANROUTE_CONFIG. Exit: 0 fine, 1 problems, 2 wrong usage.\n", p.Name)
}
