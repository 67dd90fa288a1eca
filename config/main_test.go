package config_test

import (
	"flag"
	"log"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := writeGolden(); err != nil {
			log.Fatal(err)
		}
		os.Exit(code)
	}))
}
