package jaegerremote_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// logBook keeps log lines, without their times.
type logBook struct {
	lock sync.Mutex
	buf  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) lines() []string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return strings.Split(strings.TrimSuffix(l.buf.String(), "\n"), "\n")
}

func (l *logBook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func start(t *testing.T, o jaegerremote.Options) *jaegerremote.Sampler {
	t.Helper()
	s, err := jaegerremote.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	return s
}

func shutdown(t *testing.T, s *jaegerremote.Sampler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestPollsAtOnceAndThenWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		source := jaegerremote.FuncSource(func(context.Context) (string, error) {
			times = append(times, time.Now())
			return rateLimit(1), nil
		})
		began := time.Now()
		s := start(t, jaegerremote.Options{Source: source})
		s.Start() // has no effect
		synctest.Wait()
		if state := s.State(); state.Requests != 1 || state.LastSuccess != began {
			t.Fatalf("%d requests at the start, want 1 at once", state.Requests)
		}
		time.Sleep(time.Hour)
		shutdown(t, s)
		s.Start() // has no effect
		time.Sleep(time.Hour)
		if len(times) < 55 || len(times) > 67 {
			t.Errorf("%d requests in an hour, want about 61", len(times))
		}
		distinct := map[time.Duration]bool{}
		for i := 1; i < len(times); i++ {
			gap := times[i].Sub(times[i-1])
			if distinct[gap] = true; gap < 54*time.Second || gap > 66*time.Second {
				t.Errorf("%v between two requests, want 54 to 66 s", gap)
			}
		}
		if len(distinct) < 2 {
			t.Error("all intervals are equal, want jitter")
		}
	})
}

func TestServerFailsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, log := &fakeServer{text: rateLimit(2)}, new(logBook)
		s := start(t, jaegerremote.Options{Source: server.source(), Logger: log.logger()})
		time.Sleep(3 * time.Minute)
		server.fail(errors.New("connection refused"))
		time.Sleep(time.Hour)
		state := s.State()
		if state.Strategy != "rate limiting 2/s" || state.Failures < 50 || state.LastError != "connection refused" || state.LastErrorAt.Sub(state.LastSuccess) < 50*time.Minute {
			t.Errorf("state after an hour of failures: %+v", state)
		}
		server.set(rateLimit(3))
		time.Sleep(2 * time.Minute)
		if state := s.State(); state.Strategy != "rate limiting 3/s" || state.LastSuccess.Before(state.LastErrorAt) {
			t.Errorf("state after the recovery: %+v", state)
		}
		want := []string{
			`level=WARN msg="remote sampling fails" source=func strategy="rate limiting 2/s" error="connection refused" hint="check sampling.remote.endpoint and the server; the last strategy stays in effect"`,
			`level=INFO msg="remote sampling works again" source=func strategy="rate limiting 3/s"`,
		}
		if got := log.lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		shutdown(t, s)
	})
}

func TestFlappingServerIsLoggedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, n := new(logBook), 0
		source := jaegerremote.FuncSource(func(context.Context) (string, error) {
			if n++; n%2 == 0 {
				return "", errors.New("refused")
			}
			return rateLimit(1), nil
		})
		s := start(t, jaegerremote.Options{Source: source, Interval: time.Second, Logger: log.logger()})
		time.Sleep(time.Hour)
		shutdown(t, s)
		if got := len(log.lines()); got < 10 || got > 14 {
			t.Errorf("%d log lines in an hour, want two in %v", got, jaegerremote.LogInterval)
		}
	})
}

func TestInvalidResponsesChangeNothing(t *testing.T) {
	for name, tt := range invalid {
		s, server := newSampler(t, rateLimit(2))
		server.set(tt.text)
		s.Poll(t.Context())
		if state := s.State(); state.Strategy != "rate limiting 2/s" || state.Failures != 1 || !strings.HasPrefix(state.LastError, tt.want) {
			t.Errorf("%s: %v", name, state)
		}
	}
}

func TestPanicsAreRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := jaegerremote.FuncSource(func(context.Context) (string, error) { panic("secret") })
		s := start(t, jaegerremote.Options{Source: source, Logger: slog.New(panickingHandler{slog.DiscardHandler})})
		time.Sleep(10 * jaegerremote.DefaultInterval)
		if state := s.State(); state.LastError != "panic with a string" || state.Requests < 8 {
			t.Errorf("state %+v, want the requests to go on", state)
		}
		shutdown(t, s)
	})
}

// panickingHandler is a handler of the program that has a bug.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic("bug") }

func TestHangingServerDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := make(chan struct{}, 2)
		hang := jaegerremote.FuncSource(func(ctx context.Context) (string, error) {
			requests <- struct{}{}
			<-ctx.Done()
			return "", ctx.Err()
		})
		s := start(t, jaegerremote.Options{Source: hang, InitialRate: 1, Logger: slog.New(slog.DiscardHandler)})
		synctest.Wait()
		began := time.Now()
		if got := kept(s, 1, high, "x"); got != 1 || time.Since(began) != 0 {
			t.Error("a decision depends on the request")
		}
		time.Sleep(30 * time.Second)
		if state := s.State(); state.Failures != 1 || state.LastErrorAt.Sub(began) != 10*time.Second {
			t.Errorf("state after half a minute: %+v, want a failure after 10 s", state)
		}
		<-requests
		<-requests // the second one hangs
		began = time.Now()
		shutdown(t, s)
		if took := time.Since(began); took != 0 {
			t.Errorf("Shutdown takes %v while a request hangs", took)
		}
		if got := s.State().Failures; got > 1 {
			t.Errorf("%d failures, want 1: a shutdown is not a failure", got)
		}
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := jaegerremote.FuncSource(func(context.Context) (string, error) {
			<-release
			return rateLimit(1), nil
		})
		s := start(t, jaegerremote.Options{Source: deaf, Logger: slog.New(slog.DiscardHandler)})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("Shutdown = %v after %v, want deadline exceeded after 3 s", err, time.Since(began))
		}
		close(release)
		shutdown(t, s)
		if s.State().Remote {
			t.Error("a response after the shutdown has an effect")
		}
	})
	unstarted, err := jaegerremote.New(jaegerremote.Options{Source: new(fakeServer).source()})
	if err != nil {
		t.Fatal(err)
	}
	shutdown(t, unstarted)
	unstarted.Start() // has no effect: goleak would find the goroutine
}

func TestStateText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time begins on 2000-01-01
		server := &fakeServer{err: errors.New("a\x1b[31m" + strings.Repeat("b", 1000))}
		s, err := jaegerremote.New(jaegerremote.Options{Source: server.source(), InitialRate: 0.001, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		check := func(want string) {
			t.Helper()
			if got := s.State().String(); got != want {
				t.Errorf("state %q, want %q", got, want)
			}
		}
		check("probabilistic 0.001 (initial; no valid response from func yet)")
		s.Poll(t.Context())
		check(`probabilistic 0.001 (initial; no valid response from func yet), last error 2000-01-01T00:00:00Z: a\x1b[31m` + strings.Repeat("b", 291) + "...")
		time.Sleep(time.Minute)
		server.set(rateLimit(5))
		s.Poll(t.Context())
		server.fail(errors.New("refused"))
		time.Sleep(time.Minute)
		s.Poll(t.Context())
		check("rate limiting 5/s from func, last success 2000-01-01T00:01:00Z, last error 2000-01-01T00:02:00Z: refused")
	})
}
