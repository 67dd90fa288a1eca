package jaegerremote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute/internal/suppress"
)

// The defaults of an operator's configuration.
const (
	DefaultInterval      = time.Minute
	DefaultInitialRate   = 0.001
	DefaultMaxOperations = 256
)

// Options are the options of [New].
type Options struct {
	Source        Source        // required
	Interval      time.Duration // between two requests, on average; 0 means DefaultInterval
	InitialRate   float64       // the share of traces that is kept until the first valid response
	MaxOperations int           // maximum count of operations with rate limits of their own; 0 means DefaultMaxOperations
	Logger        *slog.Logger  // slog.Default() if nil
	Previous      *Sampler      // the sampler that this one replaces; its strategy and rate limits stay in effect
}

// A Sampler decides by the strategy of a sampling server. It decides about every span that it is called for and does not
// follow parents: that is OTEL_TRACES_SAMPLER=jaeger_remote. [sdktrace.ParentBased] turns it into
// parentbased_jaeger_remote. It drops every span below an excluded request. It is safe for concurrent use.
//
// # How it works
//
// The sampler holds the current plan in an atomic pointer. A decision loads it and finds the rule for the name of the
// span. The rule compares the trace id with its bound, as sampling.Ratio does, and takes tokens from its buckets. The
// goroutine that Start starts is the only one that replaces the plan. Start and Shutdown share one lock, which decisions
// do not take.
type Sampler struct {
	options Options
	start   time.Time // times of buckets are relative to it
	current atomic.Pointer[plan]
	polling polling

	lifecycle sync.Mutex
	cancel    context.CancelFunc // ends the polling goroutine; nil before Start
	done      chan struct{}      // closed when the goroutine has ended
	shutdown  bool
}

// New returns a sampler that keeps the initial share of traces until [Sampler.Start] is called. It returns an error for
// an option that is out of range.
func New(o Options) (*Sampler, error) {
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.MaxOperations == 0 {
		o.MaxOperations = DefaultMaxOperations
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case o.Source == nil:
		return nil, errors.New("the source is missing")
	case o.Interval < MinInterval || o.Interval > MaxInterval:
		return nil, fmt.Errorf("interval: %v is out of range, want %v to %v", o.Interval, MinInterval, MaxInterval)
	case !(o.InitialRate >= 0 && o.InitialRate <= 1):
		return nil, fmt.Errorf("initial rate: %v is out of range, want 0 to 1", o.InitialRate)
	case o.MaxOperations < 1:
		return nil, fmt.Errorf("max operations: %d is out of range, want at least 1", o.MaxOperations)
	}
	s := &Sampler{options: o, start: time.Now()}
	s.current.Store(newPlan(strategy{kind: probabilistic, rate: o.InitialRate}, o.MaxOperations, nil, 0))
	if o.Previous != nil {
		s.inherit(o.Previous)
	}
	return s, nil
}

// inherit replaces the initial rate by the strategy of previous, if that is from a server.
func (s *Sampler) inherit(previous *Sampler) {
	s.options.Previous = nil // do not keep a chain of samplers
	state := previous.State()
	if !state.Remote {
		return
	}
	s.start, s.polling.lastSuccess = previous.start, state.LastSuccess
	current := previous.current.Load()
	s.current.Store(newPlan(current.strategy, s.options.MaxOperations, current, time.Since(s.start)))
}

// Start starts the goroutine that polls the server. It has no effect if the sampler was started or shut down before.
func (s *Sampler) Start() {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	if s.cancel != nil || s.shutdown {
		return
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.done = make(chan struct{})
	go s.run(ctx)
}

// Shutdown ends the polling goroutine and waits for it, at most until ctx ends; then it returns the error of ctx. The
// sampler continues to decide by the last strategy.
func (s *Sampler) Shutdown(ctx context.Context) error {
	s.lifecycle.Lock()
	s.shutdown = true
	cancel, done := s.cancel, s.done
	s.lifecycle.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Decide reports whether a trace is kept whose root span has the name operation. It returns the attributes that a kept
// root span must have, which must not be changed.
func (s *Sampler) Decide(id trace.TraceID, operation string) (attrs []attribute.KeyValue, keep bool) {
	return s.current.Load().rule(operation).decide(id, s.start)
}

// ShouldSample decides about a span by its name and trace id. A kept root span gets the attributes for Jaeger. The result
// has the parent's tracestate.
func (s *Sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdktrace.SamplingResult{Tracestate: parent.TraceState()}
	if parent.IsValid() && excluded(p.ParentContext, parent.TraceID()) {
		return result
	}
	attrs, keep := s.Decide(p.TraceID, p.Name)
	if keep {
		result.Decision = sdktrace.RecordAndSample
		if !parent.IsValid() {
			result.Attributes = attrs
		}
	}
	return result
}

func excluded(ctx context.Context, parent trace.TraceID) bool {
	id, ok := suppress.TraceID(ctx)
	return ok && id == parent
}

// String describes the current strategy in a few words.
func (s *Sampler) String() string { return s.current.Load().strategy.String() }

// Description describes the current strategy.
func (s *Sampler) Description() string {
	return "spanroute{jaeger_remote," + s.String() + "}"
}
