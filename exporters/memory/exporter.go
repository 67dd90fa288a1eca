package memory

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/registry"
	"github.com/spanroute/spanroute/registry/settings"
)

// Settings of the exporter.
type Settings struct {
	Keep int `koanf:"keep" range:"1.." doc:"spans kept at most; the oldest go first"`
}

// Factory opens exporters that fill Default. The last one opened decides how much is kept.
var Factory = NewFactory(nil)

func init() { registry.Register(Factory) }

// NewFactory makes a factory whose exporters fill store; nil means Default.
func NewFactory(store *Store) registry.Factory {
	build := func(_ context.Context, common registry.BuildContext, s Settings) (sdktrace.SpanExporter, error) {
		target := store
		if target == nil {
			target = Default()
		}
		limits := target.Limits()
		limits.Spans = s.Keep
		target.SetLimits(limits)
		x := New(target)
		x.name, x.logger = common.Name(), common.Logger()
		return x, nil
	}
	return registry.NewFactory("memory", func() Settings { return Settings{Keep: DefaultSpans} }, build,
		registry.WithAlias("in_memory"), registry.WithCompletion(forTests), registry.WithDoc("keeps finished spans in the process, for tests"))
}

// forTests notes that memory was selected for a service. A program that selects it in code, such as a test, reads the
// spans itself, and gets no notice.
func forTests(_ *Settings, c *registry.Completion) {
	c.Note(settings.Suspicious, "", "memory keeps spans for tests", "choose an exporter that sends them")
}

// An Exporter hands spans to a store. All its methods may be called from any number of
// goroutines. It is a delivery.Destination that queues nothing: a span is delivered when it is in
// the store.
type Exporter struct {
	store  *Store
	name   string
	logger *slog.Logger // nil: nothing is logged

	mu      sync.Mutex
	over    bool
	ended   uint64
	dropped map[delivery.Reason]uint64
}

var _ delivery.Destination = (*Exporter)(nil)

// New makes an exporter that fills store; nil means Default.
func New(store *Store) *Exporter {
	if store == nil {
		store = Default()
	}
	return &Exporter{store: store, dropped: map[delivery.Reason]uint64{}}
}

// Enqueue keeps one span, of which it makes what delivery.Own returns; nil is nothing. After Shutdown it is only
// counted, and the first one is logged if the exporter was opened by the configuration.
func (x *Exporter) Enqueue(span sdktrace.ReadOnlySpan) { x.take(span, delivery.Own) }

// take keeps what owned makes of a span; false after Shutdown.
func (x *Exporter) take(span sdktrace.ReadOnlySpan, owned func(sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan) bool {
	if span == nil {
		return true
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended++
	if x.over {
		x.late()
		return false
	}
	x.store.keep(owned(span))
	return true
}

// late counts a span that came after Shutdown, and reports the first one. A handler may block, so the line is
// written by a goroutine that ends with it.
func (x *Exporter) late() {
	x.dropped[delivery.DropShutdown]++
	if x.dropped[delivery.DropShutdown] == 1 && x.logger != nil {
		go func() {
			defer func() { _ = recover() }()
			x.logger.Warn("dropping spans that end after shutdown", "exporter", x.name, "hint", "end spans before Shutdown is called")
		}()
	}
}

// ExportSpans keeps a copy of each span, see delivery.Copy, or returns delivery.ErrShutdown.
func (x *Exporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	var err error
	for _, span := range spans {
		if !x.take(span, delivery.Copy) {
			err = delivery.ErrShutdown
		}
	}
	return err
}

// ForceFlush returns nil: nothing waits.
func (*Exporter) ForceFlush(context.Context) error { return nil }

// Shutdown ends the exporter and leaves the store unchanged. It returns nil.
func (x *Exporter) Shutdown(context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
	return nil
}

// Stats returns the account: every span is delivered, except those after Shutdown.
func (x *Exporter) Stats() delivery.Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	return delivery.Stats{
		Ended: x.ended, Delivered: x.ended - x.dropped[delivery.DropShutdown],
		Dropped: maps.Clone(x.dropped), Repaired: map[delivery.Repair]uint64{},
	}
}
