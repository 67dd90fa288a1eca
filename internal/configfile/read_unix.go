//go:build unix

package configfile

import "syscall"

// nonblock keeps open from waiting for the writer of a FIFO.
const nonblock = syscall.O_NONBLOCK
