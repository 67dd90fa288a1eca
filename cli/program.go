package cli

import "io"

// The exit codes of all commands. Misuse of the command line and problems of the configuration have different codes, so
// that scripts can distinguish them.
const (
	exitOK       = 0
	exitProblems = 1
	exitUsage    = 2
)

// Program holds the parts of the process that the commands use, apart from files and network connections. A test, or a
// program with plugins, runs the commands with streams and an environment of its own; the zero value is valid.
type Program struct {
	Name           string    // used in messages and in the help; empty means spanroute
	Stdout, Stderr io.Writer // for results and diagnostics; nil discards them
	Environ        []string  // in the format of os.Environ; nil means the environment of the process
	Color          bool      // whether diagnostics are coloured
}

// complete sets the defaults of Name and of the streams. Environ stays nil, which package config reads as the
// environment of the process.
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
