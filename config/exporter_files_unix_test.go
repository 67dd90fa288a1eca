//go:build unix

package config_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/spanroute/spanroute/config"
)

// Opening a FIFO would wait for a writer, for ever.
func TestCertificateFilesMustBeRegular(t *testing.T) {
	t.Parallel()
	fifo := t.TempDir() + "/ca.pem"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	_, ds := check(t, section(onOTLP+"otlp: {endpoint: 'https://h:4317', grpc: {certificate_file: "+fifo+"}}"))
	wantKinds(t, ds, config.ErrFile)
	if got := lines(ds); !strings.Contains(got, fifo+" is not a regular file") {
		t.Errorf("diagnosed %s", got)
	}
}
