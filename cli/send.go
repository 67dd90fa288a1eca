package cli

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	kit "github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/sampling"
)

var send = command{
	name: "send", args: "[--wait 10s] [file...]",
	doc: "sends one small trace through the configured exporters and says for each whether it was delivered",
	define: func(fs *flag.FlagSet) func(c *call) int {
		wait := fs.Duration("wait", 10*time.Second, "how long to wait for an answer")
		return func(c *call) int {
			if *wait <= 0 {
				return c.misused("--wait is a duration above 0, not %s", *wait)
			}
			return c.send(*wait)
		}
	},
}

func (c *call) send(wait time.Duration) int {
	cfg := c.load(c.args)
	if cfg == nil {
		return problems
	}
	if !cfg.Enabled || len(cfg.ExporterTypes) == 0 {
		fmt.Fprintf(c.Stderr, "%s send: there is no exporter to send to, set exporter_type and leave enabled alone\n", c.Name)
		return problems
	}
	cfg.Sampling = sampling.Config{Sampler: sampling.AlwaysOn} // whatever the service itself would keep
	cfg.Warnings = nil                                         // validate tells them
	ctx, cancel := context.WithTimeout(c.ctx, wait)
	defer cancel()
	t, err := kit.Start(ctx, cfg, kit.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintf(c.Stderr, "%s send: %s\n", c.Name, err)
		return problems
	}
	fmt.Fprintf(c.Stdout, "trace %s\n", smallTrace(ctx, t))
	answered(ctx, t)
	stop, cancelStop := context.WithCancel(context.WithoutCancel(ctx))
	cancelStop() // what is not delivered by now is told below, not tried again
	stats := t.Stats().Exporters
	_ = t.Shutdown(stop) // counts what is left, which is no news
	return c.delivered(stats)
}

// smallTrace makes a trace of two spans and returns its id.
func smallTrace(ctx context.Context, t *kit.Tracing) trace.TraceID {
	tracer := t.TracerProvider().Tracer("github.com/spanroute/spanroute/cli")
	ctx, root := tracer.Start(ctx, "spanroute send", trace.WithNewRoot())
	_, child := tracer.Start(ctx, "it works", trace.WithAttributes(attribute.String("sent.by", "spanroute send")))
	child.End()
	root.End()
	return root.SpanContext().TraceID()
}

// answered returns when every exporter has delivered or failed once, or when ctx ends.
func answered(ctx context.Context, t *kit.Tracing) {
	flushing, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = t.ForceFlush(flushing) // Stats say more
	}()
	defer func() { cancel(); <-done }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !allSettled(t) {
		select {
		case <-done:
			return
		case <-look.C:
		}
	}
}

func allSettled(t *kit.Tracing) bool {
	for _, x := range t.Stats().Exporters {
		if x.Queued > 0 && x.LastError == "" {
			return false
		}
	}
	return true
}

// delivered prints a line per exporter, and what to try where something is wrong.
func (c *call) delivered(stats []kit.ExporterStats) int {
	code := fine
	for _, x := range stats {
		if x.Delivered == x.Ended {
			fmt.Fprintf(c.Stdout, "%s: delivered %s\n", x.Name, plural(int(x.Delivered), "span"))
			continue
		}
		code = problems
		reason := x.LastError
		if reason == "" {
			reason = "no answer in time, wait longer with --wait"
		}
		fmt.Fprintf(c.Stdout, "%s: not delivered: %s\n", x.Name, reason)
		if x.Hint != "" {
			fmt.Fprintf(c.Stdout, "%*s  try: %s\n", len(x.Name), "", x.Hint)
		}
	}
	return code
}
