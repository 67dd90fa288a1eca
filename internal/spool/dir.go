package spool

import (
	"io"
	"time"
)

// A Dir is a directory that holds a spool or a part of it. Names have no slashes. Tests replace it by one that fails,
// tears and forgets writes.
type Dir interface {
	// Sub returns the directory called name, which is created if it is missing.
	Sub(name string) (Dir, error)
	// List returns the names of the entries, sorted.
	List() ([]string, error)
	// Create creates a file that must not exist; Open opens one for reading and writing.
	Create(name string) (File, error)
	Open(name string) (File, error)
	ModTime(name string) (time.Time, error)
	Rename(from, to string) error
	Remove(name string) error
	// Lock locks the file called name, which is created if it is missing, until unlock is called or the process ends.
	// It returns ErrLocked at once if another process, or another lock of this one, holds it.
	Lock(name string) (unlock func() error, err error)
	// Sync makes creations, renames and removals durable.
	Sync() error
	Close() error
}

// A File is an open segment.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
}
