package spanroute

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/config"
	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// prepared is an exporter with checked settings that is not open yet.
type prepared struct {
	name   string
	opener registry.Opener
	build  registry.BuildContext
}

// destination is one open exporter behind its queue.
type destination struct {
	name  string
	queue delivery.Destination
}

// prepareAll checks the settings of every configured exporter and returns all faults. It has no side effects.
func prepareAll(cfg *config.Config) ([]prepared, error) {
	var all []prepared
	var errs []error
	for _, name := range cfg.ExporterTypes {
		opener, err := cfg.Prepare(name)
		switch {
		case errors.Is(err, registry.ErrUnknown):
			errs = append(errs, err)
		case err != nil:
			errs = append(errs, inSection(cfg, name, name+": ", err))
		default:
			all = append(all, prepared{name: name, opener: opener, build: buildContext(cfg, name)})
		}
	}
	return all, errors.Join(errs...)
}

// inSection adds the source and the section to every fault in err, which concerns an exporter's settings. Faults
// without a key get the prefix instead.
func inSection(cfg *config.Config, name, prefix string, err error) error {
	var faults []error
	for _, fault := range settings.KeyErrors(err) {
		if fault.Key == "" {
			faults = append(faults, fmt.Errorf("%s%w", prefix, fault.Err))
			continue
		}
		faults = append(faults, fmt.Errorf("%s: %s.%w", cfg.Source(name+"."+fault.Key), name, fault))
	}
	return errors.Join(faults...)
}

func buildContext(cfg *config.Config, name string) registry.BuildContext {
	timeout := cfg.Exporters[name].Timeout
	if timeout == 0 {
		timeout = cfg.Timeout
	}
	return registry.BuildContext{
		MaxTagValueLength: max(cfg.MaxTagValueLength, 0),
		Source:            func(key string) string { return cfg.Source(name + "." + key) },
		Delivery: delivery.Options{
			ID:            name,
			QueueBytes:    cfg.Delivery.QueueBytes,
			BatchSize:     cfg.Batch.MaxExportBatchSize,
			BatchDelay:    cfg.Batch.ScheduleDelay,
			MaxQueueSize:  queueSize(cfg),
			ExportTimeout: cfg.Batch.ExportTimeout,
			Timeout:       timeout,
			Retry: delivery.RetryOptions{
				Initial:       cfg.Delivery.Retry.Initial,
				Max:           cfg.Delivery.Retry.Max,
				Probe:         noneIfZero(cfg.Delivery.Retry.Probe),
				MaxElapsed:    noneIfZero(cfg.Delivery.Retry.MaxElapsed),
				MaxRetryAfter: cfg.Delivery.Retry.MaxRetryAfter,
			},
		},
	}
}

// queueSize returns the configured limit on the number of queued spans, or 0 (only the limit in bytes) if the key is
// not set: the default that OpenTelemetry defines for batch.max_queue_size can be reached within a millisecond.
func queueSize(cfg *config.Config) int {
	if cfg.Batch.MaxQueueSize == config.Default().Batch.MaxQueueSize && cfg.Source("batch.max_queue_size") == "built-in" {
		return 0
	}
	return cfg.Batch.MaxQueueSize
}

// noneIfZero converts between two conventions: 0 disables a limit or a probe in the configuration, a negative value
// disables it in package delivery.
func noneIfZero(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// openAll opens every prepared exporter, or none: if one fails, those that are already open are shut down.
func openAll(ctx context.Context, p plan) ([]destination, error) {
	var opened []destination
	for _, exporter := range p.prepared {
		d, err := open(ctx, p, exporter)
		if err != nil {
			closeAll(ctx, opened)
			return nil, err
		}
		opened = append(opened, d)
	}
	return opened, nil
}

// open opens an exporter with its spool.
func open(ctx context.Context, p plan, exporter prepared) (destination, error) {
	build := exporter.build
	build.Delivery.Logger = p.options.logger
	var err error
	if build.Delivery.Spool, err = openSpool(p.cfg, exporter.name); err != nil {
		return destination{}, err
	}
	x, err := exporter.opener(ctx, build)
	if err != nil {
		closeUnused(build.Delivery.Spool)
		return destination{}, fmt.Errorf("open exporter %q: %w", exporter.name, inSection(p.cfg, exporter.name, "", err))
	}
	d := destination{exporter.name, asDestination(x, build.Delivery)}
	if spooling, ok := d.queue.(interface{ Spools() bool }); build.Delivery.Spool != nil && (!ok || !spooling.Spools()) {
		closeUnused(build.Delivery.Spool)
		p.options.logger.Warn("no spool for this exporter: its spans stay in memory", "exporter", exporter.name, "spool.dir", p.cfg.Source("spool.dir"))
	}
	return d, nil
}

// openSpool opens the spool of a destination, and returns nil without one.
func openSpool(cfg *config.Config, name string) (*delivery.Spool, error) {
	if cfg.Spool.Dir == "" {
		return nil, nil
	}
	o := delivery.SpoolOptions{Dir: cfg.Spool.Dir, MaxBytes: cfg.Spool.MaxBytes, MaxAge: cfg.Spool.MaxAge}
	if cfg.Spool.Mode == "always" {
		o.Mode = delivery.SpoolAlways
	}
	switch cfg.Spool.Fsync {
	case "always":
		o.Fsync = delivery.FsyncAlways
	case "none":
		o.Fsync = delivery.FsyncNever
	case "":
	default:
		d, err := time.ParseDuration(cfg.Spool.Fsync)
		if err != nil {
			return nil, fmt.Errorf("%s: spool.fsync: %q is not an interval, want one such as 1s, always or none", cfg.Source("spool.fsync"), cfg.Spool.Fsync)
		}
		o.Fsync = d
	}
	s, err := delivery.OpenSpool(name, o)
	if err != nil {
		return nil, fmt.Errorf("%s: spool.dir: %w", cfg.Source("spool.dir"), err)
	}
	return s, nil
}

func closeUnused(s *delivery.Spool) {
	if s != nil {
		_ = s.Close()
	}
}

// asDestination returns x itself if it has a queue, and otherwise puts a queue in front of it.
func asDestination(x sdktrace.SpanExporter, o delivery.Options) delivery.Destination {
	if queue, ok := x.(delivery.Destination); ok {
		return queue
	}
	return delivery.Wrap(x, o)
}

// closeAll shuts down exporters that have not received a span yet. Their errors are ignored in favour of the error that
// caused the shutdown.
func closeAll(ctx context.Context, opened []destination) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = forEach(ctx, componentsOf(opened, nil), component.Shutdown)
}
