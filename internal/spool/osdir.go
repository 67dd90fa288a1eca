package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// osDir is a directory of the operating system. os.Root keeps every name inside it.
type osDir struct{ root *os.Root }

// OpenDir opens the directory at path for spools, and creates it with mode 0700 if it is missing. It refuses what is not
// a directory, a symbolic link, and a directory that another user owns or may use: spans hold what users sent, and a
// user who can write there can forge them.
func OpenDir(path string) (Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if before.Mode()&fs.ModeSymlink != 0 {
		return nil, fmt.Errorf("%s is a symbolic link; name the directory itself", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	after, err := root.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = fmt.Errorf("%s was replaced while it was opened", path)
	}
	if err == nil {
		err = checkOwner(path, after)
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return &osDir{root}, nil
}

func (d *osDir) Sub(name string) (Dir, error) {
	if err := d.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := d.check(name, fs.ModeDir); err != nil {
		return nil, err
	}
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &osDir{root}, nil
}

// check refuses an entry of another type than want, such as a symbolic link.
func (d *osDir) check(name string, want fs.FileMode) error {
	info, err := d.root.Lstat(name)
	if err != nil {
		return err
	}
	if info.Mode().Type() != want {
		return fmt.Errorf("%s is of the type %v", name, info.Mode().Type())
	}
	return nil
}

func (d *osDir) List() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

func (d *osDir) Create(name string) (File, error) {
	return d.openFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (d *osDir) Open(name string) (File, error) {
	if err := d.check(name, 0); err != nil {
		return nil, err
	}
	return d.openFile(name, os.O_RDWR)
}

func (d *osDir) openFile(name string, flag int) (File, error) {
	f, err := d.root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osDir) ModTime(name string) (time.Time, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

func (d *osDir) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d *osDir) Remove(name string) error     { return d.root.Remove(name) }
func (d *osDir) Close() error                 { return d.root.Close() }

func (d *osDir) Sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return ignoreUnsupported(f.Sync())
}

func (d *osDir) Lock(name string) (func() error, error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f.Close, nil // closing releases the lock
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
