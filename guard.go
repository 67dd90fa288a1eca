package spanroute

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Guard delivers the queued spans when the program ends. It returns a context that ends with ctx, or when the program is
// interrupted or asked to terminate (SIGINT, SIGTERM), and a function that main defers:
//
//	ctx, end := tracing.Guard(context.Background(), 10*time.Second)
//	defer end()
//	serve(ctx) // returns when ctx ends
//
// end shuts t down, for at most timeout. It does so also while a panic ends main; the panic continues. Calls after the
// first one do nothing. The spans of the last requests are delivered only if main waits for them before it returns.
//
// A program that has not called end when timeout has passed since the signal is shut down by Guard, for at most timeout
// again, and ends as the signal ends a program without a handler. A second signal ends it at once. The sum of both times
// should be below the time that the system grants, such as terminationGracePeriodSeconds of Kubernetes, 30 seconds by
// default. timeout must be positive.
//
// Nothing can be delivered when the program ends by os.Exit or log.Fatal, by SIGKILL, or by a panic of another goroutine:
// none of them runs deferred functions of main. The returned function may be called by any goroutine.
func (t *Tracing) Guard(ctx context.Context, timeout time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	g := &guardian{tracing: t, timeout: timeout, cancel: cancel, signals: make(chan os.Signal, 2), ended: make(chan struct{})}
	signal.Notify(g.signals, os.Interrupt, syscall.SIGTERM)
	go g.watch()
	return ctx, g.end
}

// A guardian is the state of one Guard.
//
// How it works. One goroutine waits for a signal or for the end. After a signal it cancels the context and leaves the
// program time to return. If the program does not, the goroutine shuts the tracing down, removes its handler and sends the
// signal again, so that the exit status shows the signal.
type guardian struct {
	tracing *Tracing
	timeout time.Duration
	cancel  context.CancelFunc
	signals chan os.Signal
	ended   chan struct{} // closed when end is called
	once    sync.Once
}

// watch waits for signals until end is called.
func (g *guardian) watch() {
	var first os.Signal
	select {
	case <-g.ended:
		return
	case first = <-g.signals:
		g.cancel()
	}
	overdue := time.NewTimer(g.timeout)
	defer overdue.Stop()
	select {
	case <-g.ended:
		return
	case second := <-g.signals:
		g.raise(second)
	case <-overdue.C:
		g.shutDown()
		g.raise(first)
	}
}

// end shuts the tracing down, once.
func (g *guardian) end() {
	g.once.Do(func() {
		close(g.ended)
		g.cancel()
		g.shutDown()
		signal.Stop(g.signals)
	})
}

func (g *guardian) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	_ = g.tracing.Shutdown(ctx) // the exporters have logged what was not delivered
}

// raise ends the process by the signal. It removes all handlers of the signal, those of the program included.
func (g *guardian) raise(s os.Signal) {
	signal.Reset(s)
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(s)
	}
	if err != nil { // Windows
		os.Exit(1)
	}
}
