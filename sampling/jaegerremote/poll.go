package jaegerremote

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// requestTimeout is the time limit of a request.
const requestTimeout = 10 * time.Second

// run polls the server until ctx ends.
func (s *Sampler) run(ctx context.Context) {
	defer close(s.done)
	for ctx.Err() == nil {
		s.poll(ctx)
		timer := time.NewTimer(jitter(s.options.Interval))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// jitter returns a random duration from 90 to 110 percent of interval, so that processes that start together do not poll
// together.
func jitter(interval time.Duration) time.Duration {
	return time.Duration(float64(interval) * (0.9 + 0.2*rand.Float64()))
}

// poll requests the strategy once and applies it. An error that the end of ctx causes is not recorded.
func (s *Sampler) poll(ctx context.Context) {
	requestContext, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	valid, err := s.request(requestContext)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		s.current.Store(newPlan(valid, s.options.MaxOperations, s.current.Load(), time.Since(s.start)))
	}
	s.log(s.polling.record(err), err)
}

// request requests the strategy. A panic is an error, because the goroutine is not the program's.
func (s *Sampler) request(ctx context.Context) (valid strategy, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic with a %T", v)
		}
	}()
	fetched, err := s.options.Source.fetch(ctx)
	if err != nil {
		return strategy{}, err
	}
	return fetched.strategy()
}

// log passes a line to the program's handler and recovers its panics.
func (s *Sampler) log(e event, err error) {
	defer func() { _ = recover() }()
	attrs := []any{slog.String("source", s.options.Source.String()), slog.String("strategy", s.current.Load().strategy.String())}
	switch e {
	case failed:
		hint := "check sampling.remote.endpoint and the server; the last strategy stays in effect"
		s.options.Logger.Warn("remote sampling fails", append(attrs, slog.String("error", errorText(err)), slog.String("hint", hint))...)
	case recovered:
		s.options.Logger.Info("remote sampling works again", attrs...)
	}
}
