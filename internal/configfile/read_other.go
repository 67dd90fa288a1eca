//go:build !unix

package configfile

// nonblock is 0 where no file name is that of a FIFO.
const nonblock = 0
