package spanroute_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
)

// Spans that end after Shutdown are counted for every exporter and reported in one log line each if their tracer was
// obtained before Shutdown. The user's processors, which are shut down, do not receive them.
func TestSpansThatEndAfterShutdownAreCounted(t *testing.T) {
	for name, over := range map[string]bool{"in time": false, "with a context that is over": true} {
		t.Run(name, func(t *testing.T) {
			var log logBuffer
			seen := new(counting)
			cfg := load(t, silentExporters(t), map[string]any{"exporter_type": "silent,foreign", "sample_rate": 1})
			tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithSpanProcessor(seen), spanroute.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			if err != nil {
				t.Fatal(err)
			}
			tracer := tracing.TracerProvider().Tracer("test")
			var running []trace.Span
			for range 11 {
				_, s := tracer.Start(context.Background(), "running")
				running = append(running, s)
			}
			ctx, cancel := context.WithCancel(context.Background())
			if over {
				cancel()
			}
			_ = tracing.Shutdown(ctx)
			cancel()
			before := *seen
			var group sync.WaitGroup
			for _, s := range running {
				group.Go(func() { s.End() })
			}
			group.Wait()
			record(context.Background(), tracer, "started later", nil)
			span(tracing, "of a tracer obtained later")
			for _, x := range tracing.Stats().Exporters {
				if x.Ended != 12 || x.Dropped["shutdown"] != 12 {
					t.Errorf("%s: %d ended, dropped %v, want 12, all shutdown", x.Name, x.Ended, x.Dropped)
				}
			}
			balanced(t, tracing)
			for deadline := time.Now().Add(10 * time.Second); strings.Count(log.String(), "after shutdown") < 2 && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			for _, x := range []string{"silent", "foreign"} {
				if n := strings.Count(log.String(), `"dropping spans that end after shutdown" exporter=`+x); n != 1 {
					t.Errorf("%d lines about late spans of %s, want one:\n%s", n, x, log.String())
				}
			}
			if *seen != before {
				t.Errorf("the processor saw %+v after its Shutdown, %+v before", *seen, before)
			}
		})
	}
}

// Shutdown returns within 100 ms of the end of its context, however many exporters and processors ignore it. The fake
// clock of synctest makes the result independent of the machine.
func TestShutdownReturnsSoonAfterItsContext(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"context that is over": 0, "150 ms": 150 * time.Millisecond, "2 s": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				guests := []*guest{{hold: release, waiting: make(chan struct{}, 1)}, {hold: release, waiting: make(chan struct{}, 1)}, {hold: release, waiting: make(chan struct{}, 1)}}
				opts := []spanroute.Option{spanroute.WithLogger(slog.New(slog.DiscardHandler))}
				for _, g := range guests {
					opts = append(opts, spanroute.WithSpanProcessor(g))
				}
				cfg := load(t, factories(t, new(keeper), release), map[string]any{"exporter_type": "hang,keep", "sample_rate": 1, "batch": map[string]any{"schedule_delay": "1ms"}})
				tracing, err := spanroute.Start(t.Context(), cfg, opts...)
				if err != nil {
					t.Fatal(err)
				}
				for range 100 {
					span(tracing, "work")
				}
				time.Sleep(time.Second)
				ctx, cancel := context.WithTimeout(context.Background(), timeout)
				defer cancel()
				began := time.Now()
				err = tracing.Shutdown(ctx)
				if took := time.Since(began); took > timeout+70*time.Millisecond {
					t.Errorf("took %v, want at most %v, which leaves 30 ms for a busy machine", took, timeout+70*time.Millisecond)
				}
				if !errors.Is(err, context.DeadlineExceeded) || strings.Count(err.Error(), "span processor: did not return") != 3 || !strings.Contains(err.Error(), "hang: ") {
					t.Errorf("Shutdown = %v, want all that hang", err)
				}
				balanced(t, tracing)
				close(release)
			})
		})
	}
}
