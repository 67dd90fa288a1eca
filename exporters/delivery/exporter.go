package delivery

import (
	"context"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Exporter is one destination.
type Exporter[P Payload] struct {
	encoder Encoder[P]
	sender  Sender[P]
	o       Options
}

// New makes a destination.
func New[P Payload](e Encoder[P], s Sender[P], o Options) *Exporter[P] {
	return &Exporter[P]{encoder: e, sender: s, o: o.orDefault()}
}

// ExportSpans enqueues.
func (x *Exporter[P]) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, p := range x.encoder.Encode(spans, &Report{}) {
		x.sender.Send(ctx, p)
	}
	return nil
}

// Enqueue takes one span.
func (x *Exporter[P]) Enqueue(span sdktrace.ReadOnlySpan) {
	_ = x.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{span})
}

// ForceFlush waits.
func (x *Exporter[P]) ForceFlush(context.Context) error { return nil }

// Shutdown ends.
func (x *Exporter[P]) Shutdown(ctx context.Context) error { return x.sender.Close(ctx) }

// Stats counts.
func (x *Exporter[P]) Stats() Stats { return Stats{} }

type wrapped struct{ sdktrace.SpanExporter }

func (w wrapped) Enqueue(span sdktrace.ReadOnlySpan) {
	_ = w.ExportSpans(context.Background(), []sdktrace.ReadOnlySpan{span})
}
func (wrapped) ForceFlush(context.Context) error { return nil }
func (wrapped) Stats() Stats                     { return Stats{} }

// Wrap makes a Queuer.
func Wrap(x sdktrace.SpanExporter, _ Options) Queuer { return wrapped{x} }
