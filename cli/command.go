package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
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

// run parses args, calls the command and returns the exit code. A wrong flag is reported with the usage, and -h prints
// the usage to Stdout. The usage is made before the flags of the keys are added: a service has some hundred, and
// config/KEYS.md lists them.
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

// usage returns the usage line and the description, without the flags. It has the form of package flag: a line with the
// arguments, then what the command does.
func (cmd command) usage(program string) string {
	return fmt.Sprintf("usage: %s %s\n%s\n", program, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
}
