package transport

import (
	"io"
	"log/slog"
	"time"
)

// Follow is Certificates.TLS with a clock and a log of the test's.
func Follow(c Certificates, log io.Writer, now func() time.Time) (*TLS, error) {
	return c.follow("", slog.New(slog.NewTextHandler(log, nil)), now)
}
