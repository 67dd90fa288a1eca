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

	"github.com/spanroute/spanroute/internal/version"
)

// The exit codes.
const (
	exitOK       = 0
	exitProblems = 1
	exitUsage    = 2
)

// Program holds the parts of the process that the commands use, apart from files and network connections.
type Program struct {
	Name           string    // used in messages and in the help; empty means spanroute
	Stdout, Stderr io.Writer // for results and diagnostics; nil discards them
	Environ        []string  // in the format of os.Environ; nil means the environment of the process
	Color          bool      // whether diagnostics are coloured
}

// Main runs the command line args, which excludes the program name, with the streams and the environment of the process.
// It returns the exit code: 0 for success, 1 for problems, 2 for wrong usage. An interrupt ends the command.
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

func (p Program) complete() Program {
	if p.Name == "" {
		p.Name = "spanroute"
	}
	if p.Stdout == nil {
		p.Stdout = io.Discard
	}
	if p.Stderr == nil {
		p.Stderr = io.Discard
	}
	return p
}

// isTerminal reports whether f is a character device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
