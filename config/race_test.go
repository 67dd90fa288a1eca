//go:build race

package config_test

// raceEnabled slows everything down by an order of magnitude; bounds of time do not hold then.
const raceEnabled = true
