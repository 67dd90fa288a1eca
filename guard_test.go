package spanroute_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"

	_ "github.com/spanroute/spanroute/exporters/zipkin"
)

// guarded is the variable that makes the test binary a program with a Guard; its value is what the program does after it
// has recorded a span.
const guarded = "SPANROUTE_TEST_GUARDED"

// runGuarded is the main function of that program. It delivers its span at the end only, because the delay of a batch is an
// hour.
func runGuarded(how string) {
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "zipkin", "sample_rate": 1, "zipkin": map[string]any{"endpoint": os.Getenv("RECEIVER")},
		"batch": map[string]any{"schedule_delay": "1h"},
	}})
	if err != nil {
		panic(err)
	}
	tracing, err := spanroute.Start(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	timeout := 5 * time.Second
	if how == "ignores the signal" {
		timeout = 100 * time.Millisecond
	}
	ctx, end := tracing.Guard(context.Background(), timeout)
	defer end()
	_, span := tracing.TracerProvider().Tracer("test").Start(ctx, "work")
	span.End()
	fmt.Println("ready")
	switch how {
	case "returns":
	case "panics":
		panic("in main")
	case "obeys the signal":
		<-ctx.Done()
	case "ends twice":
		end()
		end()
	case "is signalled again":
		<-ctx.Done()
		fmt.Println("signalled")
		select {}
	default:
		select {}
	}
}

func TestGuard(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows has no signals")
		return
	}
	tests := []struct {
		how       string
		signals   int
		delivered bool
		status    string
	}{
		{"returns", 0, true, ""},
		{"ends twice", 0, true, ""},
		{"panics", 0, true, "exit status 2"},
		{"obeys the signal", 1, true, ""},
		{"ignores the signal", 1, true, "signal: terminated"},
		{"is signalled again", 2, false, "signal: terminated"},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int64
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), `"name":"work"`) {
					posts.Add(1)
				}
				w.WriteHeader(http.StatusAccepted)
			}))
			defer receiver.Close()
			status, stderr := runProgram(t, tt.how, receiver.URL, tt.signals)
			if status != tt.status {
				t.Errorf("the program ended with %q, want %q\n%s", status, tt.status, stderr)
			}
			if got := posts.Load() == 1; got != tt.delivered {
				t.Errorf("the span was delivered: %t, want %t\n%s", got, tt.delivered, stderr)
			}
			if tt.how == "panics" && !strings.Contains(stderr, "panic: in main") {
				t.Errorf("the panic did not continue:\n%s", stderr)
			}
		})
	}
}

// runProgram runs the test binary as a guarded program, sends it a number of signals, and returns how it ended and its
// standard error.
func runProgram(t *testing.T, how, receiver string, signals int) (status, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), guarded+"="+how, "RECEIVER="+receiver)
	var messages strings.Builder
	cmd.Stderr = &messages
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); signals > 0 && lines.Scan(); signals-- {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ProcessState.String()
	} else if err != nil {
		t.Error(err)
	}
	return status, messages.String()
}
