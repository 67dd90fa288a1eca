package spanroute_test

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if how := os.Getenv(guarded); how != "" {
		runGuarded(how)
		os.Exit(0)
	}
	if job := os.Getenv(spoolVariable); job != "" {
		spoolChild(strings.Fields(job))
	}
	goleak.VerifyTestMain(m)
}
