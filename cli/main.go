package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spanroute/spanroute/internal/phrase"
	"github.com/spanroute/spanroute/internal/version"
)

// Main runs the command line args, which excludes the program name, with the streams and the environment of the
// process. It returns the exit code: 0 for success, 1 for problems, 2 for wrong usage. An interrupt ends the command.
// It sets no global state, apart from the signal handler while it runs.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := Program{
		Name:   strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"),
		Stdout: os.Stdout, Stderr: os.Stderr,
		Color: isTerminal(os.Stderr) && os.Getenv("NO_COLOR") == "",
	}
	return p.Run(ctx, args)
}

// Run is like [Main], with the streams and the environment of p. If ctx ends while a command waits, Run returns early with
// exit code 1. Concurrent calls are safe.
func (p Program) Run(ctx context.Context, args []string) int {
	p = p.complete()
	if len(args) == 0 {
		p.help(p.Stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		p.help(p.Stdout)
		return exitOK
	case "version", "--version":
		fmt.Fprintln(p.Stdout, "spanroute", version.Version)
		return exitOK
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return cmd.run(ctx, args[1:], p)
		}
	}
	return p.unknownCommand(args[0])
}

// isTerminal reports whether f is a character device. It is also true for /dev/null, where colours do no harm.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// commands returns all commands in the order of the help.
func commands() []command {
	return []command{starting, validate, printing, explain, listing, schema, send}
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

// help prints one line for each command, and the exit codes. Its exit code depends on the reason: requested help is a
// success, help in place of a command is wrong usage.
func (p Program) help(w io.Writer) {
	fmt.Fprintf(w, "%s checks, prints and explains tracing configurations\n\n", p.Name)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %s %-53s %s\n", p.Name, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.doc)
	}
	fmt.Fprintf(w, "  %s version\n\nFiles: the arguments, otherwise --config, otherwise SPANROUTE_CONFIG. Exit codes: 0 OK, 1 problems, 2 wrong usage.\n", p.Name)
}
