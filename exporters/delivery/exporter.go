package delivery

import (
	"context"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// An Exporter is one destination: a queue, the goroutines that send from it, and its accounts.
// All its methods may be called from any number of goroutines.
type Exporter[P Payload] struct {
	*handle
}

// New starts a destination. It opens no connection: Send does, with the first payload. The
// destination owns s from now on and closes it in Shutdown, which has to be called.
func New[P Payload](encoder Encoder[P], s Sender[P], o Options) *Exporter[P] {
	return &Exporter[P]{start(encoder, s, o)}
}

// handle is what does not depend on the payload.
type handle struct {
	e       *engine
	closer  func(context.Context) error
	workers chan struct{} // closed when all senders have ended
}

func start[P Payload](encoder Encoder[P], s Sender[P], o Options) *handle {
	o = o.orDefault()
	confirmer, _ := s.(Confirmer)
	if confirmer != nil {
		o.Senders = 1
		o.Retry.Max = min(o.Retry.longest(), time.Second)
	}
	e := newEngine(o)
	e.limit = newLimit(encoder)
	h := &handle{e: e, closer: s.Close, workers: make(chan struct{})}
	running := make(chan struct{}, o.Senders)
	for range o.Senders {
		w := &worker[P]{e: e, encoder: encoder, sender: s, confirmer: confirmer}
		go func() {
			defer func() { running <- struct{}{} }()
			w.run()
		}()
	}
	go func() {
		defer close(h.workers)
		for range o.Senders {
			<-running
		}
	}()
	return h
}

// Enqueue takes a span that has ended. It never blocks, encodes or logs; what does not fit
// is counted in Stats.Dropped. The span must not change any more, as those of the SDK do not,
// and goes through [Own]. A provider that cuts values of attributes itself leaves more alive
// than Own can see: hand over a [Copy] of its spans. A nil span is nothing.
func (h *handle) Enqueue(span sdktrace.ReadOnlySpan) {
	if span != nil && !h.e.late() {
		h.e.enqueue(span)
	}
}

// ExportSpans enqueues a [Copy] of each span and returns nil at once, or ErrShutdown. What becomes
// of them is in Stats and in the log. It lets any other span processor feed the destination.
func (h *handle) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	var err error
	for _, span := range spans {
		switch {
		case span == nil:
		case h.e.late():
			err = ErrShutdown
		case h.e.enqueue(Copy(span)) == DropShutdown:
			err = ErrShutdown
		}
	}
	return err
}

// Stats is a snapshot of the accounts; the maps are the caller's.
func (h *handle) Stats() Stats { return h.e.stats() }
