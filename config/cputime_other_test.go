//go:build !linux

package config_test

import "time"

// spent returns the time that f takes by the clock, since the processor time of one thread is not portable.
func spent(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
