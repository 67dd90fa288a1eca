package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spanroute/spanroute"
	"github.com/spanroute/spanroute/config"
)

// reloadOnHangup reads the configuration anew on SIGHUP. What is wrong is logged, and the old one stays.
func (p *program) reloadOnHangup(t *spanroute.Tracing) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			cfg, err := config.Load(p.sources)
			if err == nil {
				err = t.Apply(cfg)
			}
			if err != nil {
				p.logger.Error("configuration not reloaded", "error", err)
			}
		}
	}()
	return func() { signal.Stop(hangups); close(hangups) }
}
