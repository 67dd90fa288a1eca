package cli

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/sampling"
)

// send starts tracing as a service does, with two changes: every trace is sampled, and logs are discarded because the
// command prints the result itself.
var send = command{
	name: "send", args: "[--wait 10s] [file...]",
	doc: "sends a small trace through each configured exporter and reports whether it was delivered",
	define: func(fs *pflag.FlagSet) func(inv *invocation) int {
		wait := fs.Duration("wait", 10*time.Second, "how long to wait for an answer")
		return func(inv *invocation) int {
			if *wait <= 0 {
				return inv.misused("--wait must be a duration above 0, not %s", *wait)
			}
			return inv.send(*wait)
		}
	},
}

// send records the trace, waits for the first attempt of every exporter, and reports the results. It does not wait for
// retries: an operator who checks a configuration needs the first error.
func (inv *invocation) send(wait time.Duration) int {
	cfg := inv.load(inv.args)
	if cfg == nil {
		return exitProblems
	}
	if !cfg.Enabled || len(cfg.ExporterTypes) == 0 {
		fmt.Fprintf(inv.Stderr, "%s send: no exporter is configured; set exporter_type and do not set enabled to false\n", inv.Name)
		return exitProblems
	}
	cfg.Sampling = sampling.Config{Sampler: sampling.AlwaysOn} // record the trace whatever the configured sampler decides
	cfg.Warnings = nil                                         // only validate prints them
	ctx, cancel := context.WithTimeout(inv.ctx, wait)
	defer cancel()
	t, err := spanroute.Start(ctx, cfg, spanroute.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintf(inv.Stderr, "%s send: %s\n", inv.Name, err)
		return exitProblems
	}
	fmt.Fprintf(inv.Stdout, "trace %s\n", smallTrace(ctx, t))
	awaitAttempts(ctx, t)
	done, cancelDone := context.WithCancel(context.WithoutCancel(ctx))
	cancelDone() // do not retry: spans that are not delivered yet are reported as such
	stats := t.Stats().Exporters
	_ = t.Shutdown(done) // the error would repeat the number of undelivered spans
	return inv.report(stats)
}

// smallTrace records a trace of two spans and returns its ID. It is a root span with one child, so that a backend shows
// whether it puts both into one trace. WithNewRoot keeps a trace context in ctx from becoming its parent.
func smallTrace(ctx context.Context, t *spanroute.Tracing) trace.TraceID {
	tracer := t.TracerProvider().Tracer("github.com/spanroute/spanroute/cli")
	ctx, root := tracer.Start(ctx, "spanroute send", trace.WithNewRoot())
	_, child := tracer.Start(ctx, "it works", trace.WithAttributes(attribute.String("sent.by", "spanroute send")))
	child.End()
	root.End()
	return root.SpanContext().TraceID()
}

// awaitAttempts returns once every exporter has delivered the trace or failed once, or when ctx ends. It polls, because
// an exporter reports its first failure in Stats alone: ForceFlush returns only when it has given up or delivered,
// after all retries.
func awaitAttempts(ctx context.Context, t *spanroute.Tracing) {
	flushing, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = t.ForceFlush(flushing) // Stats has the reasons
	}()
	defer func() { cancel(); <-done }()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !allAttempted(t) {
		select {
		case <-done:
			return
		case <-poll.C:
		}
	}
}

// allAttempted reports whether every exporter has delivered all spans or failed once.
func allAttempted(t *spanroute.Tracing) bool {
	for _, x := range t.Stats().Exporters {
		if x.Queued > 0 && x.LastError == "" {
			return false
		}
	}
	return true
}

// stateOf describes the state of an exporter whose spans wait: the breaker, the next attempt and the oldest span. It returns ""
// for an exporter that is not in an outage.
func stateOf(s spanroute.ExporterStats, now time.Time) string {
	if s.Since.IsZero() {
		return ""
	}
	text := fmt.Sprintf("breaker %s", s.Breaker)
	if wait := s.Next.Sub(now); !s.Next.IsZero() {
		text += fmt.Sprintf(", next attempt in %s", max(wait, 0).Round(10*time.Millisecond))
	}
	if !s.Oldest.IsZero() {
		text += fmt.Sprintf(", oldest span %s old", now.Sub(s.Oldest).Round(10*time.Millisecond))
	}
	return text
}

// report prints a line for each exporter, and a hint for those that failed. Results go to standard output and the exit
// code counts all exporters, so that a script need not parse the lines.
func (inv *invocation) report(stats []spanroute.ExporterStats) int {
	code := exitOK
	for _, x := range stats {
		if x.Delivered == x.Ended {
			fmt.Fprintf(inv.Stdout, "%s: delivered %s\n", x.Name, plural(int(x.Delivered), "span"))
			continue
		}
		code = exitProblems
		reason := x.LastError
		if reason == "" {
			reason = "no answer in time; wait longer with --wait"
		}
		fmt.Fprintf(inv.Stdout, "%s: not delivered: %s\n", x.Name, reason)
		if x.Hint != "" {
			fmt.Fprintf(inv.Stdout, "%*s  try: %s\n", len(x.Name), "", x.Hint)
		}
		if state := stateOf(x, time.Now()); state != "" {
			fmt.Fprintf(inv.Stdout, "%*s  a service would go on: %s\n", len(x.Name), "", state)
		}
	}
	return code
}
