//go:build unix

package config_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spanroute/spanroute/config"
)

// notRegular makes one of each kind of file that Load must not open, and links to them.
func notRegular(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	fifo, socket := filepath.Join(dir, "fifo.yaml"), filepath.Join(dir, "socket.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	return map[string]string{
		"a FIFO": fifo, "a socket": socket, "a directory": dir, "a device": os.DevNull, "a FIFO behind a link": link,
		"a FIFO as process substitution gives it": fmt.Sprintf("/dev/fd/%d", reader.Fd()),
	}
}

func TestLoadRefusesWhatIsNotARegularFile(t *testing.T) {
	t.Parallel()
	for name, path := range notRegular(t) {
		t.Run(name, func(t *testing.T) {
			cfg, ds := config.Diagnose(config.Sources{Files: []string{path}, Environ: []string{}, Registry: builtin})
			wantKinds(t, ds, config.ErrFile)
			found, _, _ := strings.Cut(name, " behind")
			found, _, _ = strings.Cut(found, " as")
			want := path + ": " + found + " is not a regular file; name a file, or a link to one; a pipe can be given as /dev/stdin"
			if cfg != nil || ds.Error() != want {
				t.Errorf("diagnosed %s\nwant %s", ds, want)
			}
		})
	}
}

func TestWatchRefusesWhatIsNotARegularFile(t *testing.T) {
	t.Parallel()
	for name, path := range notRegular(t) {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			w := config.NewWatcher(config.Sources{
				Files: []string{path}, Environ: []string{}, Registry: builtin, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			}, func(*config.Config) error { return errors.New("applied") })
			w.Poll()
			w.Poll()
			w.Poll()
			if s := w.Stats(); s.Rejected != 1 || s.Applied != 0 || !strings.Contains(log.String(), "is not a regular file") {
				t.Errorf("stats %+v, log\n%s", s, &log)
			}
		})
	}
}

func TestLinksToRegularFiles(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.Symlink(write(t, rate(0.5)), link); err != nil {
		t.Fatal(err)
	}
	cfg, ds := config.Diagnose(config.Sources{Files: []string{link}, Environ: []string{}, Registry: builtin})
	wantKinds(t, ds)
	if cfg == nil || cfg.Sampling.SampleRate != 0.5 {
		t.Errorf("loaded %v", cfg)
	}
}

const readsStdin = "SPANROUTE_TEST_READS_STDIN"

// TestStandardInput runs this test again as a program whose standard input is a pipe.
func TestStandardInput(t *testing.T) {
	t.Parallel()
	sources := config.Sources{Files: []string{"/dev/stdin"}, Environ: []string{}, Registry: builtin}
	if os.Getenv(readsStdin) != "" {
		cfg, ds := config.Diagnose(sources)
		if cfg == nil || len(ds) > 0 || cfg.Sampling.SampleRate != 0.25 {
			t.Errorf("loaded %v with %v", cfg, ds)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStandardInput$")
	cmd.Env = append(os.Environ(), readsStdin+"=1")
	cmd.Stdin = io.MultiReader(strings.NewReader(rate(0.25))) // not a file, so a pipe
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	err := config.Watch(context.Background(), sources, func(*config.Config) error { return nil })
	if err == nil {
		t.Error("Watch follows /dev/stdin, want an error")
	}
}
