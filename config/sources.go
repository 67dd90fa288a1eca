package config

import (
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spanroute/spanroute/registry"
)

// Sources holds everything that [Load] depends on. The zero value means the process's environment, no files, no flags and
// the default registry.
//
// Load reads the environment and flags only through Sources, so that tests and programs with several configurations
// need no global state.
type Sources struct {
	// Files are read in order, a later one over an earlier. They are used when neither a flag --config nor the
	// variable SPANROUTE_CONFIG names others. Each is a regular file or a link to one. A FIFO, a socket, a device and
	// a directory are refused, so that Load cannot block; this includes the /dev/fd/N of a process substitution.
	// The one exception is the name /dev/stdin, which Load reads to its end, and Watch refuses.
	Files []string
	// Section is the place of the section in every file, as a dotted path; "." is a file that is the bare section.
	// Empty means tracing, api_server.tracing and services.tracing.
	Section string
	// EnvPrefix begins the variables of the layer SPANROUTE_*. Empty means SPANROUTE_; "-" turns the layer off.
	EnvPrefix string
	// Environ is the environment as os.Environ returns it. Nil means the process's.
	Environ []string
	// Flags lists the flags that the user wrote; see [FlagsOf].
	Flags FlagSource
	// Defaults and Overrides are the lowest and the highest layer that code sets: nested maps of the section's
	// shape. They are read, never kept.
	Defaults, Overrides map[string]any
	// Registry holds the exporters. Nil means registry.Default().
	Registry *registry.Registry
	// Logger is where [Watch] reports. Nil means slog.Default().
	Logger *slog.Logger
}

// A FlagSource lists flags that were set, by name without dashes, with their text. A flag may be listed more than
// once; the last one counts, except for config, which adds up.
type FlagSource = iter.Seq2[string, string]

func (s *Sources) registry() *registry.Registry {
	if s.Registry == nil {
		return registry.Default()
	}
	return s.Registry
}

func (s *Sources) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.Default()
	}
	return s.Logger
}

// prefix returns the prefix of SPANROUTE_* variables, "" if the layer is off.
func (s *Sources) prefix() string {
	switch s.EnvPrefix {
	case "":
		return "SPANROUTE_"
	case "-":
		return ""
	}
	return s.EnvPrefix
}

// configName names the way to name a file, for hints.
func (s *Sources) configName() string {
	if prefix := s.prefix(); prefix != "" {
		return prefix + "CONFIG"
	}
	return "--config"
}

// environ returns the environment by name; of a name that occurs twice the first counts, as in package os.
func (s *Sources) environ() map[string]string {
	list := s.Environ
	if list == nil {
		list = os.Environ()
	}
	env := make(map[string]string, len(list))
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if _, twice := env[name]; ok && name != "" && !twice {
			env[name] = value
		}
	}
	return env
}

// paths returns the files to read: those of --config, else of the variable, else of Files.
func (s *Sources) paths(env map[string]string) []string {
	var files []string
	if s.Flags != nil {
		for name, value := range s.Flags {
			if name == "config" && value != "" {
				files = append(files, value)
			}
		}
	}
	if len(files) > 0 {
		return files
	}
	if prefix := s.prefix(); prefix != "" {
		for _, file := range filepath.SplitList(env[prefix+"CONFIG"]) {
			if file = strings.TrimSpace(file); file != "" {
				files = append(files, file)
			}
		}
	}
	if len(files) > 0 {
		return files
	}
	return s.Files
}
