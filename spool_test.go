package spanroute_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

// spoolVariable makes the test binary a program with a spool: "endpoint directory first-number".
const spoolVariable = "SPANROUTE_TEST_SPOOL"

// spoolChild ends spans until it is killed, and prints the number of the last span that is on disk or delivered.
func spoolChild(job []string) {
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "zipkin", "sample_rate": 1, "zipkin": map[string]any{"endpoint": job[0]},
		"spool": map[string]any{"dir": job[1], "mode": "always"},
	}})
	if err != nil {
		panic(err)
	}
	tracing, err := spanroute.Start(context.Background(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	tracer := tracing.TracerProvider().Tracer("test")
	first, _ := strconv.Atoi(job[2])
	for i := first; ; i++ {
		_, s := tracer.Start(context.Background(), fmt.Sprint("n", i))
		s.End()
		if i%50 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		if x := tracing.Stats().Exporters[0]; i%50 == 0 {
			fmt.Println(first - 1 + int(x.Ended-x.Queued)) // the queue is in order
		}
	}
}

// A zipkinReceiver counts the spans that it accepts, by name. Some requests fail.
type zipkinReceiver struct {
	mu       sync.Mutex
	requests int
	names    map[string]int
}

func (z *zipkinReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var spans []struct{ Name string }
	err := json.NewDecoder(r.Body).Decode(&spans)
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.requests++; err != nil || z.requests%5 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, s := range spans {
		z.names[s.Name]++
	}
	w.WriteHeader(http.StatusAccepted)
}

// Processes that are killed at random moments lose no span that was written, and the next one delivers what they left.
func TestKilledProcessesLoseNoSpooledSpans(t *testing.T) {
	z := &zipkinReceiver{names: map[string]int{}}
	server := httptest.NewServer(z)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "spool")
	written, next := map[int]bool{}, 1
	const kills, step = 12, 1_000_000
	for range kills {
		for i := range killedAt(t, server.URL, dir, next, time.Duration(20+rand.IntN(200))*time.Millisecond) {
			written[i] = true
		}
		next += step
	}
	cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
		"exporter_type": "zipkin", "zipkin": map[string]any{"endpoint": server.URL}, "spool": map[string]any{"dir": dir},
	}})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	flush(t, tracing)
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	balanced(t, tracing)
	lost, twice := 0, 0
	for i := range written {
		switch n := z.names[fmt.Sprint("n", i)]; {
		case n == 0:
			lost++
		case n > 1:
			twice++
		}
	}
	t.Logf("%d spans were written before a kill, %d arrived twice", len(written), twice)
	if lost > 0 || len(written) < 100 {
		t.Errorf("%d of %d spans that were written are lost", lost, len(written))
	}
	if most := kills * 2 * 512; twice > most {
		t.Errorf("%d spans arrived twice, want at most a batch of each sender for each kill, %d", twice, most)
	}
}

// killedAt runs a child, kills it after a time, and returns the numbers that it printed: all spans up to the last number that
// it printed were written.
func killedAt(t *testing.T, endpoint, dir string, first int, after time.Duration) map[int]bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), spoolVariable+"="+strings.Join([]string{endpoint, dir, strconv.Itoa(first)}, " "))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	last := first - 1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			last = n
		}
	}
	_ = cmd.Wait()
	written := map[int]bool{}
	for i := first; i <= last; i++ {
		written[i] = true
	}
	return written
}

// A directory that cannot be used is refused with the place of its key, and an exporter without a spool is named.
func TestSpoolAtStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	configure := func(types []string, dir string) *config.Config {
		cfg, err := config.Load(config.Sources{Environ: []string{}, Overrides: map[string]any{
			"exporter_type": types, "sample_rate": 1, "jaeger": map[string]any{"protocol": "thrift"}, "spool": map[string]any{"dir": dir},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	_, err := spanroute.Start(t.Context(), configure([]string{"zipkin"}, file))
	if err == nil || !strings.Contains(err.Error(), "override: spool.dir: ") || !strings.Contains(err.Error(), file) {
		t.Errorf("a file as the directory: %v", err)
	}
	log := new(logBuffer)
	tracing, err := spanroute.Start(t.Context(), configure([]string{"jaeger", "zipkin"}, filepath.Join(t.TempDir(), "spool")), spanroute.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := log.String(); strings.Count(got, "no spool for this exporter") != 1 || !strings.Contains(got, "exporter=jaeger") {
		t.Errorf("logged %s", got)
	}
}
