package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

var errDown = delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("connection refused")}

var misfit = delivery.Outcome{Verdict: delivery.Misconfigured, Err: errors.New("x509")}

const noLimit = -2

// hang holds every attempt until its context ends.
func hang(ctx context.Context, _ int, _ packet) delivery.Outcome {
	<-ctx.Done()
	return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
}

// deaf holds every attempt for an hour, whatever its context does.
func deaf(context.Context, int, packet) delivery.Outcome {
	time.Sleep(time.Hour)
	return delivery.Outcome{}
}

func down(context.Context, int, packet) delivery.Outcome { return errDown }

// What Shutdown returns, how long it takes, and what is counted.
func TestShutdown(t *testing.T) {
	rows := map[string]struct {
		answer    func(context.Context, int, packet) delivery.Outcome
		spans     int
		settle    time.Duration // before Shutdown
		timeout   time.Duration // of Shutdown's context; 0: cancelled, -1: no deadline, noLimit: nor ExportTimeout
		atLeast   time.Duration
		atMost    time.Duration
		delivered uint64
		left      string // in the error; "" for nil
	}{
		"nothing queued":                    {nil, 0, 0, time.Minute, 0, 0, 0, ""},
		"nothing queued, cancelled":         {nil, 0, 0, 0, 0, 0, 0, ""},
		"receiver is well":                  {nil, 1234, 0, time.Minute, 0, 0, 1234, ""},
		"receiver is down":                  {down, 25, 0, time.Minute, time.Minute, time.Minute, 0, "25 spans not delivered: context deadline exceeded"},
		"receiver hangs":                    {hang, 25, 0, 3 * time.Second, 3 * time.Second, 3 * time.Second, 0, "25 spans not delivered: context deadline exceeded"},
		"cancelled, waiting":                {nil, 9, 0, 0, 0, 0, 0, "9 spans not delivered: context canceled"},
		"cancelled, in flight":              {hang, 25, time.Second, 0, 0, 0, 0, "25 spans not delivered: context canceled"},
		"cancelled, in backoff":             {down, 25, time.Second, 0, 0, 0, 0, "25 spans not delivered: context canceled"},
		"no deadline means ExportTimeout":   {down, 25, 0, -1, 30 * time.Second, 30 * time.Second, 0, "25 spans not delivered: context deadline exceeded"},
		"a sender that ignores its context": {deaf, 25, time.Second, time.Second, time.Second, 1100 * time.Millisecond, 0, "ignores its context"},
		"without any limit":                 {retryTimes(2, misfit), 10, 0, noLimit, 30 * time.Second, 60 * time.Second, 10, ""},
		"ends a long backoff":               {retryTimes(1, misfit), 10, time.Second, 5 * time.Second, 0, 0, 10, ""},
		"backoff included":                  {retryTimes(4, errDown), 10, 0, time.Minute, 0, 8 * time.Second, 10, ""},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &sender{answer: row.answer}, &record{}
				o := options(log)
				o.BatchDelay = 500 * time.Millisecond
				if row.timeout == noLimit {
					o.ExportTimeout = -1
				}
				x := delivery.New(encoder{each: 1}, s, o)
				enqueue(x, spans(row.spans))
				time.Sleep(row.settle)
				ctx, cancel := context.WithCancel(t.Context())
				switch {
				case row.timeout > 0:
					ctx, cancel = context.WithTimeout(ctx, row.timeout)
				case row.timeout == 0:
					cancel()
				}
				defer cancel()
				start := time.Now()
				err := x.Shutdown(ctx)
				if took := time.Since(start); took < row.atLeast || took > row.atMost {
					t.Errorf("Shutdown took %v, want %v to %v", took, row.atLeast, row.atMost)
				}
				if row.left == "" && err != nil || row.left != "" && (err == nil || !strings.Contains(err.Error(), row.left)) {
					t.Errorf("Shutdown = %v, want %q", err, row.left)
				}
				got := balanced(t, x)
				if got.Delivered != row.delivered || got.Queued != 0 || got.Dropped["shutdown"] != uint64(row.spans)-row.delivered {
					t.Errorf("stats = %+v, want delivered %d and the rest shutdown", got, row.delivered)
				}
				if warned := log.with("WARN shut down with undelivered spans"); (warned == 1) != (row.left != "") {
					t.Errorf("%d warnings about spans left:\n%s", warned, strings.Join(log.all(), "\n"))
				}
				if log.with("shutdown=") != 0 || row.timeout == 0 && log.with("not delivering") > 1 {
					t.Errorf("the end is told more than once:\n%s", strings.Join(log.all(), "\n"))
				}
				if s.closed != 1 {
					t.Errorf("sender closed %d times, want once", s.closed)
				}
				if strings.Contains(row.left, "ignores") {
					time.Sleep(2 * time.Hour) // the bubble fails the test for any goroutine that is left
				}
			})
		})
	}
}

func TestAfterShutdown(t *testing.T) {
	t.Parallel()
	x := delivery.New(encoder{each: 1}, &sender{}, options(&record{}))
	finish(t, x)
	if err := x.ExportSpans(t.Context(), spans(3)); !errors.Is(err, delivery.ErrShutdown) {
		t.Errorf("export after Shutdown = %v, want ErrShutdown", err)
	}
	x.Enqueue(span("late"))
	if err := x.ForceFlush(t.Context()); err != nil {
		t.Errorf("ForceFlush after Shutdown = %v, want nil", err)
	}
	if got := finish(t, x); got.Ended != 4 || got.Dropped["shutdown"] != 4 {
		t.Errorf("stats = %+v, want 4 ended and dropped", got)
	}
}

// Spans that come after Shutdown are counted from any number of goroutines, and reported in one line.
func TestSpansAfterShutdownAreReportedOnce(t *testing.T) {
	for name, open := range map[string]func(delivery.Options) delivery.Destination{
		"New":  func(o delivery.Options) delivery.Destination { return delivery.New(encoder{each: 1}, &sender{}, o) },
		"Wrap": func(o delivery.Options) delivery.Destination { return delivery.Wrap(&foreign{}, o) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &record{}
				x := open(options(log))
				enqueue(x, spans(10))
				finish(t, x)
				synctest.Wait()
				if got := log.with("after shutdown"); got != 0 {
					t.Errorf("%d lines about late spans before there is one", got)
				}
				var group sync.WaitGroup
				for range 8 {
					group.Go(func() {
						enqueue(x, spans(100))
						balanced(t, x)
						if err := x.ExportSpans(t.Context(), spans(5)); !errors.Is(err, delivery.ErrShutdown) {
							t.Errorf("ExportSpans = %v, want ErrShutdown", err)
						}
					})
				}
				group.Wait()
				synctest.Wait()
				got := balanced(t, x)
				if got.Ended != 850 || got.Delivered != 10 || got.Dropped["shutdown"] != 840 {
					t.Errorf("stats = %+v, want 850 ended and 840 dropped", got)
				}
				if log.with("WARN dropping spans that end after shutdown", "exporter=fake") != 1 || log.with("after shutdown") != 1 {
					t.Errorf("want one line about late spans:\n%s", strings.Join(log.all(), "\n"))
				}
			})
		})
	}
}

// Spans that come during Shutdown are counted, and Shutdown does not report them.
func TestEnqueueDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := delivery.New(encoder{each: 1}, &sender{answer: retryTimes(2, errDown)}, options(&record{}))
		enqueue(x, spans(10))
		time.AfterFunc(time.Millisecond, func() { enqueue(x, spans(5)) })
		if got := finish(t, x); got.Delivered != 10 {
			t.Errorf("delivered %d, want 10", got.Delivered)
		}
		time.Sleep(time.Second)
		if got := balanced(t, x); got.Dropped["shutdown"] != 5 {
			t.Errorf("dropped %v, want shutdown 5", got.Dropped)
		}
	})
}

func TestShutdownFromTwoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			time.Sleep(2 * time.Second)
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(&record{}))
		enqueue(x, spans(10))
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if err := x.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown = %v, want nil", err)
				}
				if got := balanced(t, x); got.Delivered != 10 {
					t.Errorf("delivered %d when Shutdown returned, want 10", got.Delivered)
				}
			})
		}
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := x.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown that does not live to see the first = %v, want its context's error", err)
		}
		group.Wait()
		if s.closed != 1 {
			t.Errorf("sender closed %d times, want once", s.closed)
		}
	})
}

// The end of Shutdown's context is not a failure of the receiver.
func TestCancelledAttemptIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		x := delivery.New(encoder{each: 1}, &sender{answer: hang}, options(log))
		enqueue(x, spans(10))
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(ctx)
		got := balanced(t, x)
		if !got.Since.IsZero() || got.LastError != "" || log.with("not delivering") != 0 {
			t.Errorf("stats = %+v, want no outage; log:\n%s", got, strings.Join(log.all(), "\n"))
		}
	})
}

// A deaf sender's late answer changes nothing in the accounts.
func TestLateAnswerOfAnAbandonedSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := delivery.New(encoder{each: 1}, &sender{answer: deaf}, options(&record{}))
		enqueue(x, spans(10))
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = x.Shutdown(ctx)
		time.Sleep(2 * time.Hour)
		if got := balanced(t, x); got.Delivered != 0 || got.Dropped["shutdown"] != 10 {
			t.Errorf("stats = %+v, want shutdown 10", got)
		}
	})
}

// Spans, flushes and looks at the accounts race with two Shutdowns; nothing is lost and nothing
// is counted twice. Meant for -race.
func TestShutdownUnderLoad(t *testing.T) {
	t.Parallel()
	for i := range 50 {
		s := &sender{answer: retryTimes(i%3, delivery.Outcome{Verdict: delivery.Retry})}
		o := options(&record{})
		o.Retry.Initial = time.Millisecond
		x := delivery.New(encoder{each: 1, most: 7}, s, o)
		list := spans(100)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { enqueue(x, list); balanced(t, x) })
		}
		group.Go(func() { _ = x.ForceFlush(t.Context()) })
		for range 2 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*time.Millisecond)
				defer cancel()
				_ = x.Shutdown(ctx)
			})
		}
		group.Wait()
		if got := balanced(t, x); got.Ended != 400 || got.Queued != 0 {
			t.Fatalf("stats = %+v, want 400 ended and none queued", got)
		}
	}
}

// closer is a sender whose Close misbehaves.
type closer struct {
	sender
	close func(context.Context) error
}

func (c *closer) Close(ctx context.Context) error { return c.close(ctx) }

func TestClose(t *testing.T) {
	rows := map[string]struct {
		close func(context.Context) error
		want  string
	}{
		"error":               {func(context.Context) error { return errors.New("disk full") }, "disk full"},
		"panic":               {func(context.Context) error { panic("secret") }, "panic in Close with a string"},
		"waits for context":   {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, ""},
		"ignores its context": {func(context.Context) error { time.Sleep(time.Hour); return nil }, "Close ignores its context"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := delivery.New(encoder{each: 1}, &closer{close: row.close}, options(&record{}))
				enqueue(x, spans(1))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				err := x.Shutdown(ctx)
				if took := time.Since(start); took > 1100*time.Millisecond {
					t.Errorf("Shutdown took %v, want at most 100 ms after its context", took)
				}
				if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
					t.Errorf("Shutdown = %v, want %q", err, row.want)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// mute is a handler that never returns in time.
type mute struct{ record }

func (*mute) Handle(context.Context, slog.Record) error { time.Sleep(time.Hour); return nil }

// A sender, its Close and the log's handler may all hang: Shutdown returns within 60 ms of its
// context even so, which leaves 40 of the 100 ms that are promised for a busy machine.
func TestShutdownWhereEverythingHangs(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"cancelled": 0, "in time": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options(&record{})
				o.Logger = slog.New(&mute{})
				c := &closer{sender{answer: deaf}, func(context.Context) error { time.Sleep(time.Hour); return nil }}
				x := delivery.New(encoder{each: 1}, c, o)
				enqueue(x, spans(25))
				time.Sleep(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				start := time.Now()
				err := x.Shutdown(ctx)
				if took := time.Since(start); took > timeout+60*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Shutdown = %v after %v, want its context's error within %v", err, took, timeout+60*time.Millisecond)
				}
				if got := balanced(t, x); got.Dropped["shutdown"] != 25 {
					t.Errorf("dropped %v, want shutdown 25", got.Dropped)
				}
				time.Sleep(3 * time.Hour)
			})
		})
	}
}

// slow is an encoder that takes its time.
type slow struct{ encoder }

func (s slow) Encode(list []sdktrace.ReadOnlySpan, r *delivery.Report) []packet {
	time.Sleep(time.Hour)
	return s.encoder.Encode(list, r)
}

// An encoder that does not come back is abandoned like a sender that does not.
func TestShutdownAbandonsAnEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		x := delivery.New(slow{encoder{each: 1}}, s, options(&record{}))
		enqueue(x, spans(10))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := x.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("Shutdown = %v after %v, want the context's error within 1.1s", err, time.Since(start))
		}
		time.Sleep(2 * time.Hour)
		if got := balanced(t, x); got.Dropped["shutdown"] != 10 || len(s.sizes()) != 0 {
			t.Errorf("dropped %v, %d attempts, want shutdown 10 and none", got.Dropped, len(s.sizes()))
		}
	})
}
