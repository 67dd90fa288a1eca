package spool

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// checkOwner accepts every directory: who may use it is decided by its access control list, which a new directory
// inherits.
func checkOwner(string, fs.FileInfo) error { return nil }

func lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// isFull reports whether the disk is full.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// ignoreUnsupported ignores all errors: Windows cannot sync directories.
func ignoreUnsupported(error) error { return nil }
