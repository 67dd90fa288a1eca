//go:build !race

package recording

// poisoning enables overwriting released bodies. It is set under the race detector.
const poisoning = false
