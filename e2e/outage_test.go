//go:build unix

package e2e_test

import (
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/e2e/receivers"
	"github.com/spanroute/spanroute/e2e/samples"
)

// sending is a destination under load.
type sending struct {
	destination
	name  string
	spans []sdktrace.ReadOnlySpan
}

// underLoad gives n spans to every transport with answers, a few at a time, and calls halfway once in between.
func underLoad(t *testing.T, offset, n int, settings string, halfway func()) []sending {
	t.Helper()
	var all []sending
	for name, section := range withAnswers(offset) {
		d := open(t, "tracing: {batch: {schedule_delay: 10ms}, "+settings+section+"}")
		all = append(all, sending{d, name, samples.Many(samples.NewTraceID(), n)})
	}
	const portion = 50
	for i := 0; i < n; i += portion {
		if i == n/2 {
			halfway()
		}
		for _, s := range all {
			s.give(s.spans[i : i+portion])
		}
		time.Sleep(10 * time.Millisecond) // the load, not a wait
	}
	return all
}

// allDelivered flushes and fails the test unless every span was delivered, after some retries.
func allDelivered(t *testing.T, all []sending) {
	t.Helper()
	for _, s := range all {
		flush(t, s)
		stats := balanced(t, s.Stats())
		if stats.Delivered != stats.Ended || stats.Retries == 0 {
			t.Errorf("%s: %d of %d delivered after %d retries, want all after some; dropped %v, last error %q",
				s.name, stats.Delivered, stats.Ended, stats.Retries, stats.Dropped, stats.LastError)
		}
	}
}

// TestRestartUnderLoad kills a Jaeger while spans come in over every transport with answers, and starts
// another. Every error of a broken connection must be treated as an outage: no span is dropped, and spans that end after
// the restart are stored by the new Jaeger.
func TestRestartUnderLoad(t *testing.T) {
	const offset, n = 5000, 2000
	j, err := receivers.StartJaeger(peers, offset)
	if err != nil {
		t.Fatal(err)
	}
	all := underLoad(t, offset, n, "", func() {
		if err := j.Kill(); err != nil {
			t.Fatal(err)
		}
	})
	j = ownJaeger(t, offset)
	allDelivered(t, all)
	for _, s := range all {
		if got, err := j.Count(t.Context(), traceOf(s.spans), n/2); err != nil || got < n/2 {
			t.Errorf("%s: %d spans stored after the restart (%v), want at least the %d given after the stop", s.name, got, err, n/2)
		}
	}
}

// TestHangUnderLoad pauses a Jaeger while spans come in: attempts end after their timeout, and when it
// continues every span is stored at least once.
func TestHangUnderLoad(t *testing.T) {
	const offset, n = 5000, 2000
	j := ownJaeger(t, offset)
	all := underLoad(t, offset, n, "timeout: 0.5, ", func() {
		if err := j.Pause(); err != nil {
			t.Fatal(err)
		}
	})
	for _, s := range all {
		shortFlush(t, s.destination)
	}
	time.Sleep(time.Second) // two timeouts
	if err := j.Resume(); err != nil {
		t.Fatal(err)
	}
	allDelivered(t, all)
	for _, s := range all {
		if got, err := j.Count(t.Context(), traceOf(s.spans), n); err != nil || got < n {
			t.Errorf("%s: %d spans stored (%v), want all %d at least once", s.name, got, err, n)
		}
	}
}
