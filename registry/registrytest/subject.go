package registrytest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
)

// The longest time of a call. One that takes longer is a fault.
const (
	prompt     = time.Second            // a call whose context has ended, or that has nothing to do
	callLimit  = 10 * time.Second       // any other call
	drainLimit = 200 * time.Millisecond // context of a flush and of a shutdown; the receiver may be down
)

// Delivery of an exporter of package delivery: an attempt at a receiver that does not respond, and the attempts at one
// that is down. They end long before drainLimit, so a flush has tried every span.
const (
	attemptLimit = 50 * time.Millisecond
	retryLimit   = 20 * time.Millisecond
)

// A subject is the factory that one check examines.
//
// # How it works
//
// Each check gets a subject of its own, whose registry contains only the factory under test. A check opens exporters,
// calls them through call, and adds a fault for each rule that they break. It has no access to the testing.T, so the
// tests of this package can run checks that must fail.
//
// Exporters of package delivery get short limits, because their receiver may be down: a flush then lasts until every
// span was tried once or twice and was dropped. Shutdown has nothing left to do after it.
type subject struct {
	registry registry.Registry
	about    registry.Description
	valid    map[string]any
	faults   []string // in the order in which they were found
}

// newSubject returns an error if f cannot be registered or refuses valid.
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

// common returns what package spanroute passes, with short limits.
func (s *subject) common(logger *slog.Logger) registry.BuildContext {
	return registry.BuildContext{
		Source: func(string) string { return "registrytest" },
		Delivery: delivery.Options{
			ID: s.about.Name, Timeout: attemptLimit, ExportTimeout: prompt, BatchDelay: time.Millisecond, Logger: logger,
			Retry: delivery.RetryOptions{Initial: time.Millisecond, Max: 5 * time.Millisecond, MaxElapsed: retryLimit},
		},
	}
}

// open opens the exporter with the valid section. It returns nil after a fault.
func (s *subject) open() sdktrace.SpanExporter {
	return s.openWith(s.valid, slog.New(slog.DiscardHandler))
}

func (s *subject) openWith(section map[string]any, logger *slog.Logger) (x sdktrace.SpanExporter) {
	opener, err := s.prepare(section)
	if err != nil {
		s.faultf("prepare: %v", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	err, returned := s.call("open", callLimit, func() (err error) {
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

// call calls f, which runs code of the exporter. If f panics or takes longer than limit, call adds a fault, and returned
// is false.
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

// export exports spans with a context that ends before the call counts as a fault.
func (s *subject) export(what string, x sdktrace.SpanExporter, spans []sdktrace.ReadOnlySpan) (error, bool) {
	return s.call(what, callLimit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), prompt)
		defer cancel()
		return x.ExportSpans(ctx, spans)
	})
}

// flush waits until x has tried to deliver the exported spans, if x is an exporter of package delivery.
func (s *subject) flush(x sdktrace.SpanExporter) {
	q, ok := x.(delivery.Destination)
	if !ok {
		return
	}
	_, _ = s.call("force flush", callLimit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
		defer cancel()
		return q.ForceFlush(ctx) // fails if the receiver is down
	})
}

// shut shuts x down. Its error is a fault only if the caller adds one: spans may be left.
func (s *subject) shut(x sdktrace.SpanExporter) error {
	err, _ := s.call("shutdown", callLimit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
		defer cancel()
		return x.Shutdown(ctx)
	})
	return err
}

// copied returns a copy of section that can be changed: nested maps are copied, other values are shared.
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
