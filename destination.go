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

// prepared is an exporter whose settings are checked and which is not open yet.
type prepared struct {
	name   string
	opener registry.Opener
	common registry.BuildContext
}

// destination is one open exporter behind its queue.
type destination struct {
	name  string
	queue delivery.Destination
}

// prepareAll checks the settings of every configured exporter, without effects, and returns all faults.
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
			all = append(all, prepared{name: name, opener: opener, common: commonOf(cfg, name)})
		}
	}
	return all, errors.Join(errs...)
}

// inSection puts place and section in front of every fault of an exporter's settings, and prefix in front of those
// that name no key.
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

func commonOf(cfg *config.Config, name string) registry.BuildContext {
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

// queueSize is the bound in spans of every queue if one was set, and else 0: the default that OpenTelemetry gives
// batch.max_queue_size would overflow within a millisecond where a bound in bytes does not.
func queueSize(cfg *config.Config) int {
	if cfg.Batch.MaxQueueSize == config.Default().Batch.MaxQueueSize && cfg.Source("batch.max_queue_size") == "built-in" {
		return 0
	}
	return cfg.Batch.MaxQueueSize
}

// unlimitedIfZero translates the configuration's "0 = never gives up" to delivery's "negative is no limit".
func unlimitedIfZero(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// openAll opens every prepared exporter, or none: when one fails, those before it are shut down again.
func openAll(ctx context.Context, p plan) ([]destination, error) {
	var opened []destination
	for _, exporter := range p.prepared {
		common := exporter.common
		common.Delivery.Logger = p.options.logger
		x, err := exporter.opener(ctx, common)
		if err != nil {
			closeAll(ctx, opened)
			return nil, fmt.Errorf("open exporter %q: %w", exporter.name, inSection(p.cfg, exporter.name, "", err))
		}
		opened = append(opened, destination{exporter.name, queued(x, common.Delivery)})
	}
	return opened, nil
}

func queued(x sdktrace.SpanExporter, o delivery.Options) delivery.Destination {
	if queue, ok := x.(delivery.Destination); ok {
		return queue
	}
	return delivery.Wrap(x, o)
}

// closeAll shuts down exporters that have seen no span; their errors would only hide the one that matters.
func closeAll(ctx context.Context, opened []destination) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = onAll(ctx, membersOf(opened, nil), member.Shutdown)
}
