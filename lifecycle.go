package spanroute

import (
	"context"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Stats tells what became of the spans of a [Tracing].
type Stats struct {
	Exporters []ExporterStats // in configured order
	Reloads   ReloadStats
}

// ExporterStats are the figures of one exporter: at every instant Ended is the sum of Delivered, Queued and
// all of Dropped.
type ExporterStats struct {
	Name string // the exporter type
	delivery.Stats
}

// ReloadStats counts the configurations given to [Tracing.Apply].
type ReloadStats struct {
	Applied, Rejected uint64
	Last              time.Time // of the last one applied; zero before the first
}

// Stats returns a snapshot; the figures of one exporter are consistent with one another.
func (t *Tracing) Stats() Stats {
	s := Stats{Reloads: ReloadStats{Applied: t.reloads.applied.Load(), Rejected: t.reloads.rejected.Load()}}
	if last := t.reloads.last.Load(); last != 0 {
		s.Reloads.Last = time.Unix(0, last)
	}
	for _, d := range t.destinations {
		s.Exporters = append(s.Exporters, ExporterStats{d.name, d.queue.Stats()})
	}
	return s
}

// ForceFlush returns nil when every span that ended before the call is delivered or dropped on all exporters,
// else the errors of those that were not done when ctx ended. Nothing is dropped by it.
func (t *Tracing) ForceFlush(ctx context.Context) error {
	return onAll(ctx, t.members(), member.ForceFlush)
}

// Shutdown sends what is queued while ctx lasts, counts the rest as dropped and ends every goroutine of the
// tracing; with a ctx that is already over it does so at once. Without a deadline it is bounded by
// batch.export_timeout. The error names the exporters that had spans left. A second call waits for the first,
// while its own ctx lasts, and returns nil.
//
// Sampled spans that end during Shutdown or later are dropped, counted under [delivery.DropShutdown] in
// [Tracing.Stats], and reported in one log line per exporter. A tracer obtained after Shutdown records nothing;
// one obtained before goes on recording. Span processors of the program see no span after Shutdown.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.stopping.Swap(true) {
		return t.awaitStop(ctx)
	}
	defer close(t.stopped)
	return t.stop(ctx)
}

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

// stop ends the members at once, so that one that takes all the time takes none from the others. The provider
// comes last, so that spans that end meanwhile are counted.
func (t *Tracing) stop(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded && t.started.Batch.ExportTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.started.Batch.ExportTimeout)
		defer cancel()
	}
	err := onAll(ctx, t.members(), member.Shutdown)
	if t.sdk != nil {
		t.ends.over.Store(true)
		closeProvider(t.sdk)
	}
	return err
}

// closeProvider ends a provider but keeps its processor registered, so that spans that end later are counted. A
// context that is over makes the SDK return between the two: new tracers are no-ops by then, and the processors,
// which a complete Shutdown removes, are still there.
func closeProvider(p *sdktrace.TracerProvider) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Shutdown(ctx)
}

func (t *Tracing) members() []member { return membersOf(t.destinations, t.options.processors) }
