package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

// followConfig applies changes of the configuration files once they are completely written, and reads all sources again
// on SIGHUP. Errors are logged, and the previous configuration stays in effect.
func (p *program) followConfig(ctx context.Context, t *spanroute.Tracing) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	sources := p.sources
	sources.Logger = p.logger
	var following sync.WaitGroup
	following.Go(func() { p.applyOnHangup(ctx, hangups, t) })
	following.Go(func() { _ = config.Watch(ctx, sources, t.Apply) }) // without a file, Watch returns an error at once
	return func() {
		signal.Stop(hangups)
		cancel()
		following.Wait()
	}
}

func (p *program) applyOnHangup(ctx context.Context, hangups <-chan os.Signal, t *spanroute.Tracing) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		cfg, err := config.Load(p.sources)
		if err == nil {
			err = t.Apply(cfg)
		}
		if err != nil {
			p.logger.Error("configuration not reloaded", "error", err)
		}
	}
}
