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
	x := newExporter(encoder, o, s.Close)
	if spans, ok := any(encoder).(SpanEncoder[P]); ok {
		x.encode = spans.EncodeSpan
	}
	var running sync.WaitGroup
	for range o.Senders {
		box := outbox[P]{encoding: encoding[P]{x, encoder}, sender: s}
		if confirms {
			running.Go((&confirmLoop[P]{outbox: box, confirmer: confirmer}).run)
		} else {
			running.Go((&sendLoop[P]{outbox: box}).run)
		}
	}
	go func() {
		defer close(x.senders)
		running.Wait()
	}()
	return x
}
