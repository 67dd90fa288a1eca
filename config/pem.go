package config

import (
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"strings"

	"github.com/spanroute/spanroute/internal/configfile"
	"github.com/spanroute/spanroute/registry/settings"
)

// checkPEM reports what is wrong with a file that should hold a certificate, or a key. Only a regular file is opened:
// opening a FIFO waits for a writer.
func checkPEM(name string, key bool) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return settings.Errorf(ErrFile, "%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return settings.Errorf(ErrFile, "open %s: %s", name, configfile.Reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, configfile.MaxBytes))
	if err != nil {
		return settings.Errorf(ErrFile, "read %s: %s", name, configfile.Reason(err))
	}
	want := "certificate"
	if key {
		want = "key"
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(bytes.TrimSpace(rest)) {
		if key && strings.HasSuffix(block.Type, "PRIVATE KEY") || !key && block.Type == "CERTIFICATE" {
			return nil
		}
	}
	return settings.Errorf(ErrFile, "%s holds no %s", name, want).WithHint("want PEM")
}
