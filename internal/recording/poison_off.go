//go:build !race

package recording

// poisoning fills released bodies with wrong content. It is on under the race detector.
const poisoning = false
