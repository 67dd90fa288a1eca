package registrytest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

const (
	// atOnce is how long a call may take whose context has ended, or that has nothing to do.
	atOnce = time.Second
	// brief is how long flush and shutdown try to deliver to a receiver that may be down.
	brief = 200 * time.Millisecond
	// patience is how long any other call may take. Attempts are given less, see common.
	patience = 10 * time.Second
)

// subject is the factory under test, in a registry of its own, and what was found to be wrong with it.
type subject struct {
	registry registry.Registry
	about    registry.Description
	valid    map[string]any
	faults   []string
}

func newSubject(f registry.Factory, valid map[string]any) (*subject, error) {
	s := &subject{valid: copied(valid)}
	if err := s.registry.Register(f); err != nil {
		return nil, err
	}
	var err error
	if s.about, err = s.registry.Describe(s.registry.Names()[0]); err != nil {
		return nil, err
	}
	if _, err := s.prepare(s.valid); err != nil {
		return nil, fmt.Errorf("the valid section is refused: %w", err)
	}
	return s, nil
}

func (s *subject) faultf(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

func (s *subject) prepare(section map[string]any) (registry.Opener, error) {
	return s.registry.Prepare(s.about.Name, section)
}

// common is what root would pass, with short times: no receiver needs to be there.
func (s *subject) common(logger *slog.Logger) registry.BuildContext {
	return registry.BuildContext{
		Source: func(string) string { return "registrytest" },
		Delivery: delivery.Options{
			ID: s.about.Name, Timeout: atOnce, ExportTimeout: atOnce, BatchDelay: 10 * time.Millisecond, Logger: logger,
			Retry: delivery.RetryOptions{Initial: 10 * time.Millisecond, Max: 100 * time.Millisecond, MaxElapsed: atOnce},
		},
	}
}

// open opens the exporter with the valid section; nil after a fault.
func (s *subject) open() sdktrace.SpanExporter {
	return s.openWith(s.valid, slog.New(slog.DiscardHandler))
}

func (s *subject) openWith(section map[string]any, logger *slog.Logger) (x sdktrace.SpanExporter) {
	opener, err := s.prepare(section)
	if err != nil {
		s.faultf("prepare: %v", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err, returned := s.call("open", patience, func() (err error) {
		x, err = opener(ctx, s.common(logger))
		return err
	})
	switch {
	case !returned:
		return nil
	case err != nil:
		s.faultf("open with the valid section: %v", err)
		return nil
	}
	return x
}

// call runs the exporter's code. A panic and a call that takes longer than limit are faults; returned is
// false then.
func (s *subject) call(what string, limit time.Duration, f func() error) (err error, returned bool) {
	type result struct {
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			r.panicked = recover()
			done <- r
		}()
		r.err = f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.panicked != nil {
			s.faultf("%s: panic: %v", what, r.panicked)
		}
		return r.err, r.panicked == nil
	case <-timer.C:
		s.faultf("%s: has not returned after %s", what, limit)
		return nil, false
	}
}

// export exports spans with a context that ends in time.
func (s *subject) export(what string, x sdktrace.SpanExporter, spans []sdktrace.ReadOnlySpan) (error, bool) {
	return s.call(what, patience, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), atOnce)
		defer cancel()
		return x.ExportSpans(ctx, spans)
	})
}

// flush waits until what was exported has been tried, if x can do that.
func (s *subject) flush(x sdktrace.SpanExporter) {
	q, ok := x.(delivery.Destination)
	if !ok {
		return
	}
	_, _ = s.call("force flush", patience, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), brief)
		defer cancel()
		return q.ForceFlush(ctx) // its error is that of a receiver that is down
	})
}

// shut shuts x down; that spans were left is no fault.
func (s *subject) shut(x sdktrace.SpanExporter) error {
	err, _ := s.call("shutdown", patience, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), brief)
		defer cancel()
		return x.Shutdown(ctx)
	})
	return err
}

// copied copies the sections of a nested map.
func copied(section map[string]any) map[string]any {
	c := maps.Clone(section)
	if c == nil {
		c = map[string]any{}
	}
	for name, v := range c {
		if m, ok := v.(map[string]any); ok {
			c[name] = copied(m)
		}
	}
	return c
}

// put sets a key by its path.
func put(section map[string]any, path string, v any) {
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		section[path] = v
		return
	}
	inner, ok := section[first].(map[string]any)
	if !ok {
		inner = map[string]any{}
		section[first] = inner
	}
	put(inner, rest, v)
}

// take removes a key by its path and returns what it held.
func take(section map[string]any, path string) any {
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		v := section[path]
		delete(section, path)
		return v
	}
	inner, ok := section[first].(map[string]any)
	if !ok {
		return nil
	}
	return take(inner, rest)
}
