// Package service names a service that has no name.
package service

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Unknown returns unknown_service:<executable>, as the OpenTelemetry SDK does (v1.47.0), or unknown_service:go if the
// executable is not known. The name is valid UTF-8. It does not change.
var Unknown = sync.OnceValue(func() string {
	executable, err := os.Executable()
	if err != nil || executable == "" {
		return "unknown_service:go"
	}
	return "unknown_service:" + strings.ToValidUTF8(filepath.Base(executable), "\uFFFD")
})
