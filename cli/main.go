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
	fine     = 0
	problems = 1
	usage    = 2
)

// Program is what the commands use of their process, besides files and network connections.
type Program struct {
	Name           string    // in messages and in the help; empty means spanroute
	Stdout, Stderr io.Writer // results and diagnostics; nil discards
	Environ        []string  // as os.Environ returns it; nil means the environment of the process
	Color          bool      // whether diagnostics are coloured
}

// Main runs the command that args hold, without the name of the program, on the streams and the environment of this
// process, and returns the exit code: 0 is fine, 1 means problems, 2 wrong usage. An interrupt ends the command.
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

// Run is [Main] with the streams and the environment of p. It returns early, with exit code 1, when ctx ends during
// a command that waits. It may be called from several goroutines.
func (p Program) Run(ctx context.Context, args []string) int {
	p = p.complete()
	if len(args) == 0 {
		p.help(p.Stderr)
		return usage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		p.help(p.Stdout)
		return fine
	case "version", "--version":
		fmt.Fprintln(p.Stdout, "spanroute", version.Version)
		return fine
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
