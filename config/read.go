package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stdin is the one name of a stream that [Load] reads. Every other name must be that of a regular file.
const stdin = "/dev/stdin"

// readFiles reads what sources name. A file that cannot be read becomes a diagnostic.
func readFiles(sources *Sources) (files []file, problems []Diagnostic) {
	for i, name := range sources.paths(sources.environ()) {
		data, err := readSource(name)
		at := Source{Layer: LayerFile, Name: name, file: i + 1}
		if err != nil {
			problems = append(problems, Diagnostic{Kind: ErrFile, Source: at, Message: reason(err), Hint: fileHint(err)})
			continue
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name))) && name != stdin {
			problems = append(problems, Diagnostic{
				Kind: WarnSuspicious, Severity: Warning, Source: at,
				Message: "the name does not end in .yaml, .yml or .json", Hint: "the content is read as YAML",
			})
		}
		files = append(files, file{name, i + 1, data})
	}
	return files, problems
}

// readSource reads a regular file, or standard input if name is /dev/stdin.
func readSource(name string) ([]byte, error) {
	if name == stdin {
		return readAll(os.Stdin)
	}
	return readFile(name)
}

// readFile reads a regular file, at most one byte more than the limit. It does not block on a FIFO or a device: it
// looks before it opens, because opening a device can have an effect, and it opens without waiting and looks again,
// because the file can be replaced in between.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	return readAll(f)
}

func readAll(f *os.File) ([]byte, error) { return io.ReadAll(io.LimitReader(f, maxFileBytes+1)) }

// errNotRegular is the reason why a directory, FIFO, socket or device is not read.
type errNotRegular struct{ found string }

func (e errNotRegular) Error() string { return e.found + " is not a regular file" }

func regular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return errNotRegular{"a directory"}
	case mode&fs.ModeNamedPipe != 0:
		return errNotRegular{"a FIFO"}
	case mode&fs.ModeSocket != 0:
		return errNotRegular{"a socket"}
	case mode&fs.ModeDevice != 0:
		return errNotRegular{"a device"}
	default:
		return errNotRegular{fmt.Sprintf("a file of mode %s", mode)}
	}
}

func fileHint(err error) string {
	if errors.As(err, new(errNotRegular)) {
		return "name a file, or a link to one; a pipe can be given as " + stdin
	}
	return ""
}

// reason returns the text of err without operation and path.
func reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
