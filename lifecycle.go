package spanroute

import (
	"context"
	"fmt"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/recording"
	"github.com/spanroute/spanroute/sampling"
	"github.com/spanroute/spanroute/sampling/jaegerremote"
)

// Stats counts the spans of a [Tracing] for each exporter, and the configurations applied to it.
type Stats struct {
	Exporters []ExporterStats // in configured order
	Reloads   ReloadStats
	Sampling  SamplingStats
}

// SamplingStats counts local traces that are decided at their end, and the limits of sampling.
type SamplingStats struct {
	sampling.Stats
	Held HeldStats

	// Server is the state of the sampling server and its strategy, nil unless the sampler is a jaeger_remote sampler.
	Server *jaegerremote.State
}

// HeldStats counts the local traces that are decided at their end, see [sampling.Keep], and the spans that wait for that.
type HeldStats = recording.HoldStats

// ExporterStats are the counters of one exporter. Ended plus Adopted always equals the sum of Delivered, Queued, Spooled and
// all values of Dropped.
type ExporterStats struct {
	Name string // the exporter type
	delivery.Stats
}

// ReloadStats counts the configurations passed to [Tracing.Apply].
type ReloadStats struct {
	Applied, Rejected uint64
	Last              time.Time // time of the last applied configuration; zero before the first
}

// Stats returns a snapshot. The counters of one exporter are consistent with one another.
func (t *Tracing) Stats() Stats {
	s := Stats{Reloads: ReloadStats{Applied: t.reloads.applied.Load(), Rejected: t.reloads.rejected.Load()}}
	if last := t.reloads.last.Load(); last != 0 {
		s.Reloads.Last = time.Unix(0, last)
	}
	s.Sampling.Stats, s.Sampling.Server = t.sampler.Stats(), t.remote.state()
	if t.recorder != nil {
		s.Sampling.Held = t.recorder.Held()
	}
	for _, d := range t.destinations {
		s.Exporters = append(s.Exporters, ExporterStats{d.name, d.queue.Stats()})
	}
	return s
}

// ForceFlush waits until every exporter has delivered or dropped each span that ended before the call. If ctx ends
// first, it returns an error that names the exporters with spans left. ForceFlush itself does not drop spans.
func (t *Tracing) ForceFlush(ctx context.Context) error {
	return forEach(ctx, t.components(), component.ForceFlush)
}

// Shutdown sends the queued spans until ctx ends, then counts the remaining spans as dropped and ends every goroutine of
// t. If ctx is already done, nothing more is sent. If ctx has no deadline, batch.export_timeout limits the call. The
// error names the exporters that had spans left. A second call waits until the first has returned or its own ctx ends,
// and returns nil in the former case.
//
// Sampled spans that end during Shutdown or later are dropped, counted under [delivery.DropShutdown] in
// [Tracing.Stats], and reported in one log line per exporter. A tracer obtained after Shutdown does not record; a tracer
// obtained earlier continues to record. Processors of [WithSpanProcessor] do not receive spans after Shutdown.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.stopping.Swap(true) {
		return t.awaitStop(ctx)
	}
	defer close(t.stopped)
	return t.stop(ctx)
}

// awaitStop waits for the first call of Shutdown. If both that call and ctx are done, it returns nil.
func (t *Tracing) awaitStop(ctx context.Context) error {
	select {
	case <-t.stopped:
		return nil
	default:
	}
	select {
	case <-t.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("still shutting down: %w", context.Cause(ctx))
	}
}

// stop shuts down all components concurrently, so that a slow one does not use up the time of the others. The provider
// is closed last, so that spans that end in the meantime are counted.
func (t *Tracing) stop(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded && t.started.Batch.ExportTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.started.Batch.ExportTimeout)
		defer cancel()
	}
	err := forEach(ctx, t.components(), component.Shutdown)
	if t.recorder != nil {
		t.ends.shutDown.Store(true)
		t.recorder.Close()
	}
	return err
}

func (t *Tracing) components() []component {
	return append(componentsOf(t.destinations, t.options.processors), component{"remote sampling", t.remote})
}
