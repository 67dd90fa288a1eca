package configfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Stdin is the only stream that [Read] reads. Every other name must be that of a regular file.
const Stdin = "/dev/stdin"

// Read reads a regular file, or standard input if name is [Stdin], up to one byte more than [MaxBytes].
//
// A configuration is read when a program starts and then every 250 ms. Neither may block, as it would on a FIFO without a
// writer.
func Read(name string) ([]byte, error) {
	if name == Stdin {
		return readAll(os.Stdin)
	}
	return readFile(name)
}

// readFile reads a regular file. It does not block on a FIFO or a device: it checks before it opens, because opening a
// device can have an effect, and it opens without waiting and checks again, because the file can be replaced in between.
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

// readAll reads one byte more than the limit, so that Parse can report a file that is too large.
func readAll(f *os.File) ([]byte, error) { return io.ReadAll(io.LimitReader(f, MaxBytes+1)) }

// errNotRegular reports a directory, FIFO, socket or device.
type errNotRegular struct{ found string }

func (e errNotRegular) Error() string { return e.found + " is not a regular file" }

// regular returns an error that names the kind of a file that is not regular.
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

// Hint returns a way to correct an error of [Read], "" if the error needs none. Process substitution of a shell is the
// usual source of a pipe, and containers mount configuration as links, which are regular.
func Hint(err error) string {
	if errors.As(err, new(errNotRegular)) {
		return "name a file, or a link to one; a pipe can be given as " + Stdin
	}
	return ""
}

// Reason returns the text of err without operation and path.
func Reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
