package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const (
	versionName = "VERSION"
	versionText = "spanroute spool 1\n"
)

// checkVersion writes the version file of a new spool, and refuses a spool of another version.
func checkVersion(root Dir) error {
	f, err := root.Open(versionName)
	if errors.Is(err, fs.ErrNotExist) {
		return writeVersion(root)
	}
	if err != nil {
		return fmt.Errorf("version file: %w", err)
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, 64)
	n, err := f.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("version file: %w", err)
	}
	if string(buf[:n]) != versionText {
		return fmt.Errorf("the version file contains %q, want %q; the directory belongs to another version or another program", buf[:n], versionText)
	}
	return nil
}

// writeVersion creates the file under a temporary name, because two processes may do so at once.
func writeVersion(root Dir) error {
	temporary := versionName + ".new"
	f, err := root.Create(temporary)
	if errors.Is(err, fs.ErrExist) { // of a process that died, or of one that is about to rename it
		_ = root.Remove(temporary)
		f, err = root.Create(temporary)
	}
	if err != nil {
		return fmt.Errorf("version file: %w", err)
	}
	_, err = f.WriteAt([]byte(versionText), 0)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		if err = root.Rename(temporary, versionName); errors.Is(err, fs.ErrNotExist) {
			err = nil // the other process renamed it
		}
	}
	return err
}
