package jaeger

import (
	"errors"
	"net"
	"syscall"
)

// Numbers of winsock, which package syscall does not name alike on every system.
const (
	windowsMessageSize = syscall.Errno(10040)
	windowsReset       = syscall.Errno(10054)
	windowsNoBuffers   = syscall.Errno(10055)
	windowsRefused     = syscall.Errno(10061)
)

func refused(err error) bool {
	return isErrno(err, syscall.ECONNREFUSED, windowsReset, windowsRefused)
}

func isErrno(err error, numbers ...syscall.Errno) bool {
	for _, n := range numbers {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

// plain is the cause without the addresses that package net puts around it.
func plain(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
