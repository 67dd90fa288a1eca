package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/internal/version"
)

// The exit codes.
const (
	fine     = 0
	problems = 1
	usage    = 2
)

// A world is what a command may touch besides files, so that tests run commands in their own process.
type world struct {
	stdout, stderr io.Writer
	environ        []string
	color          bool
}

// A command is one word after spanroute.
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
	world
	ctx   context.Context
	args  []string
	flags config.FlagSource
}

// sources are those of a program whose files are the given ones.
func (c *call) sources(files []string) config.Sources {
	s := config.Sources{Environ: c.environ, Flags: c.flags}
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

// misused says what is wrong with the command line and returns the exit code for it.
func (c *call) misused(format string, args ...any) int {
	fmt.Fprintf(c.stderr, "spanroute: "+format+"\n", args...)
	return usage
}

func run(ctx context.Context, args []string, w world) int {
	if len(args) == 0 {
		help(w.stderr)
		return usage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(w.stdout)
		return fine
	case "version", "--version":
		fmt.Fprintln(w.stdout, "spanroute", version.Version)
		return fine
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return cmd.run(ctx, args[1:], w)
		}
	}
	fmt.Fprintf(w.stderr, "spanroute: no command is called %q\n\n", args[0])
	help(w.stderr)
	return usage
}

func (cmd command) run(ctx context.Context, args []string, w world) int {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := cmd.define(fs)
	own := cmd.ownFlags(fs)
	config.RegisterFlags(fs)
	positional, err := parse(fs, dashed(args))
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(w.stdout, cmd.usage(), own)
		return fine
	case err != nil:
		fmt.Fprintf(w.stderr, "spanroute %s: %s\n%s%s", cmd.name, err, cmd.usage(), own)
		return usage
	}
	return do(&call{world: w, ctx: ctx, args: positional, flags: config.FlagsOf(fs)})
}

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

func (cmd command) usage() string {
	return fmt.Sprintf("usage: spanroute %s\n%s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
}

// ownFlags describes the flags of the command itself, before those of the keys are added.
func (cmd command) ownFlags(fs *flag.FlagSet) string {
	var b strings.Builder
	fs.VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-14s %s\n", f.Name, f.Usage)
	})
	return b.String() + "  --config        a file, may be repeated\n  --tracing.<key> a key of the section\n"
}

func help(w io.Writer) {
	fmt.Fprint(w, "spanroute checks, prints and explains configurations of tracing\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  spanroute %-46s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
	}
	fmt.Fprint(w, "  spanroute version\n\nFiles are arguments, else --config, else SPANROUTE_CONFIG. Exit: 0 fine, 1 problems, 2 wrong usage.\n")
}
