package spanroute_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if how := os.Getenv(guarded); how != "" {
		runGuarded(how)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
