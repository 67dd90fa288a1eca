package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/spanroute/spanroute/e2e/receivers"
)

// The receivers that tests share.
var (
	jaeger    *receivers.Jaeger
	collector *receivers.Collector
)

const peers = "peers"

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run starts the shared receivers, building them first if need be. Without them every test would fail, so it ends
// at once.
func run(m *testing.M) (status int) {
	err := startReceivers()
	defer func() {
		if err := stopReceivers(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func startReceivers() (err error) {
	build := exec.Command(peers + "/build.sh")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err = build.Run(); err != nil {
		return fmt.Errorf("build the receivers: %w", err)
	}
	if jaeger, err = receivers.StartJaeger(peers, 0); err != nil {
		return err
	}
	collector, err = receivers.StartCollector(peers)
	return err
}

func stopReceivers() error {
	var errs [2]error
	if jaeger != nil {
		errs[0] = jaeger.Stop()
	}
	if collector != nil {
		errs[1] = collector.Stop()
	}
	return errors.Join(errs[:]...)
}

// ownJaeger starts a Jaeger for one test. Offsets differ between tests that run at the same time.
func ownJaeger(t *testing.T, offset int, flags ...string) *receivers.Jaeger {
	t.Helper()
	j, err := receivers.StartJaeger(peers, offset, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Stop(); err != nil {
			t.Error(err)
		}
	})
	return j
}
