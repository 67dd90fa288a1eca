//go:build !linux

package jaeger

import "net"

// watch returns nil: no other system shows the buffer of another process's socket. The pace is all there is.
func watch(net.Conn) receiver { return nil }
