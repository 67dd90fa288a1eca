package delivery

import (
	"sync"
	"time"
)

// New starts a destination. It opens no connection: Send does, with the first payload. The destination owns s from now on
// and closes it in Shutdown, which has to be called.
func New[P Payload](encoder Encoder[P], s Sender[P], o Options) *Exporter {
	o = o.orDefault()
	confirmer, confirms := s.(Confirmer)
	if confirms {
		o.Senders = 1
		o.Retry.Max = min(o.Retry.maxWait(), time.Second)
	}
	if _, ok := any(encoder).(Prober[P]); !ok || confirms {
		o.Retry.Probe = -1
	}
	x := newExporter(encoder, o, s.Close)
	if spans, ok := any(encoder).(SpanEncoder[P]); ok {
		x.encode = spans.EncodeSpan
	}
	var running sync.WaitGroup
	stored := newStore(x, encoder, confirms)
	for range o.Senders {
		box := outbox[P]{encoding: encoding[P]{x, encoder}, sender: s, store: stored}
		switch {
		case confirms:
			running.Go((&confirmLoop[P]{outbox: box, confirmer: confirmer}).run)
		case x.spoolsAll():
			running.Go((&replayLoop[P]{sendLoop: sendLoop[P]{outbox: box}}).run)
		default:
			running.Go((&sendLoop[P]{outbox: box}).run)
		}
	}
	if stored != nil {
		loop := sendLoop[P]{outbox: outbox[P]{encoding: encoding[P]{x, encoder}, sender: s, store: stored}}
		running.Go((&spillLoop[P]{sendLoop: loop}).run)
		if !x.spoolsAll() {
			running.Go((&replayLoop[P]{sendLoop: loop}).run)
		}
		go x.spool.tend(x)
	}
	go func() {
		defer close(x.senders)
		running.Wait()
	}()
	return x
}

// newStore returns nil for a destination without a spool of its own, and for one whose payloads cannot be stored.
func newStore[P Payload](x *Exporter, encoder Encoder[P], confirms bool) *store[P] {
	storer, ok := encoder.(Storer[P])
	if x.options.Spool == nil || !ok || confirms || !x.options.Spool.attach(x) {
		return nil
	}
	x.spool = x.options.Spool
	return &store[P]{x, x.spool.files, storer}
}
