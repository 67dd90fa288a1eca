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
				MaxElapsed:    unlimitedIfZero(cfg.Delivery.Retry.MaxElapsed),
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

// unlimitedIfZero converts between two conventions: 0 disables the limit in the configuration, a negative value
// disables it in package delivery.
func unlimitedIfZero(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// openAll opens every prepared exporter, or none: if one fails, those that are already open are shut down.
func openAll(ctx context.Context, p plan) ([]destination, error) {
	var opened []destination
	for _, exporter := range p.prepared {
		build := exporter.build
		build.Delivery.Logger = p.options.logger
		x, err := exporter.opener(ctx, build)
		if err != nil {
			closeAll(ctx, opened)
			return nil, fmt.Errorf("open exporter %q: %w", exporter.name, inSection(p.cfg, exporter.name, "", err))
		}
		opened = append(opened, destination{exporter.name, asDestination(x, build.Delivery)})
	}
	return opened, nil
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
