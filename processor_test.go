package spanroute_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute"
)

// guest is a user's span processor that counts its calls.
type guest struct {
	counting
	hold     chan struct{} // if not nil, Shutdown and ForceFlush ignore their context and wait until it is closed
	waiting  chan struct{} // receives a value when they begin to wait
	resource string
}

func (g *guest) OnEnd(s sdktrace.ReadOnlySpan) {
	g.counting.OnEnd(s)
	g.resource = s.Resource().String()
}

func (g *guest) wait() {
	if g.hold != nil {
		g.waiting <- struct{}{}
		<-g.hold
	}
}

func (g *guest) ForceFlush(context.Context) error { g.wait(); g.flushed++; return nil }
func (g *guest) Shutdown(context.Context) error   { g.wait(); g.stopped++; return nil }

// A user's processor is shut down even if a destination uses up the whole time of Shutdown.
func TestShutdownReachesProcessorsWhateverDestinationsDo(t *testing.T) {
	release, g := make(chan struct{}), new(guest)
	defer close(release)
	cfg := load(t, factories(t, new(keeper), release), map[string]any{"exporter_type": "hang", "sample_rate": 1, "batch": map[string]any{"schedule_delay": "1ms"}})
	tracing, err := spanroute.Start(t.Context(), cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)), spanroute.WithSpanProcessor(g))
	if err != nil {
		t.Fatal(err)
	}
	span(tracing, "work")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := tracing.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown = %v, want the deadline", err)
	}
	if g.ended != 1 || g.stopped != 1 {
		t.Errorf("the processor saw %+v, want one span and its Shutdown", g.counting)
	}
}

func TestShutdownReachesProcessorsWhenDisabled(t *testing.T) {
	g := new(guest)
	tracing, _ := start(t, map[string]any{"enabled": false}, spanroute.WithSpanProcessor(g))
	if err := tracing.Shutdown(context.Background()); err != nil || g.stopped != 1 {
		t.Errorf("Shutdown = %v, reached the processor %d times, want nil and once", err, g.stopped)
	}
}

// A processor that ignores its context is abandoned and named, in ForceFlush and in Shutdown.
func TestProcessorThatHangsIsAbandoned(t *testing.T) {
	g := &guest{hold: make(chan struct{}), waiting: make(chan struct{}, 2)}
	defer close(g.hold)
	tracing, keep := start(t, map[string]any{"sample_rate": 1}, spanroute.WithSpanProcessor(g))
	span(tracing, "work")
	for name, end := range map[string]func(context.Context) error{"ForceFlush": tracing.ForceFlush, "Shutdown": tracing.Shutdown} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := end(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "span processor: ") {
			t.Errorf("%s = %v, want the deadline, naming the processor", name, err)
		}
	}
	keep.only(t)
}

// A panic of a processor in Shutdown becomes an error.
func TestProcessorThatPanics(t *testing.T) {
	tracing, keep := start(t, map[string]any{"sample_rate": 1}, spanroute.WithSpanProcessor(grumpy{new(guest)}))
	span(tracing, "work")
	if err := tracing.Shutdown(context.Background()); err == nil || !strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "secret") {
		t.Errorf("Shutdown = %v, want the panic without its text", err)
	}
	keep.only(t)
}

type grumpy struct{ *guest }

func (grumpy) Shutdown(context.Context) error { panic("secret") }

// Processors do not see resource attributes that only the environment sets.
func TestProcessorsSeeTheConfiguredResource(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "leaked=yes")
	g := new(guest)
	tracing, _ := start(t, map[string]any{"sample_rate": 1, "service_name": "shop"}, spanroute.WithSpanProcessor(g))
	span(tracing, "work")
	if strings.Contains(g.resource, "leaked") || !strings.Contains(g.resource, "shop") {
		t.Errorf("the processor saw the resource %s", g.resource)
	}
}

// A second Shutdown waits for the first until its own context ends.
func TestSecondShutdownObeysItsContext(t *testing.T) {
	g := &guest{hold: make(chan struct{}), waiting: make(chan struct{}, 2)}
	tracing, _ := start(t, map[string]any{"sample_rate": 1}, spanroute.WithSpanProcessor(g))
	first := make(chan error, 1)
	go func() { first <- tracing.Shutdown(context.Background()) }()
	<-g.waiting
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := tracing.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second Shutdown = %v, want the end of its context", err)
	}
	close(g.hold)
	if err := <-first; err != nil {
		t.Errorf("first Shutdown = %v", err)
	}
	if err := tracing.Shutdown(context.Background()); err != nil {
		t.Errorf("third Shutdown = %v", err)
	}
}
