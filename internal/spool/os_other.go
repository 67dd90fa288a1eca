//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package spool

import (
	"errors"
	"io/fs"
	"os"
)

func checkOwner(string, fs.FileInfo) error { return nil }

// lock refuses: two processes that share a directory would corrupt it.
func lock(*os.File) error { return errors.New("this system has no file locks that the spool can use") }

func isFull(error) bool { return false }

func ignoreUnsupported(err error) error { return err }
