package delivery

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
)

// A Storer is a [SpanEncoder] whose payloads can be kept in a [Spool]. The methods are called concurrently.
type Storer[P Payload] interface {
	SpanEncoder[P]
	// StoredFormat identifies the format of stored payloads. A payload of another format is dropped. A number must not be
	// used again for another format.
	StoredFormat() uint32
	// Store appends p to buf.
	Store(buf []byte, p P) []byte
	// Load returns the payload that Store appended to an empty buffer. The payload may refer to data. Load must not panic,
	// whatever data is.
	Load(data []byte) (P, error)
}

// A store writes the payloads of a destination to its spool.
type store[P Payload] struct {
	x      *Exporter
	files  *spool.Spool
	storer Storer[P]
}

// put moves a load to the spool. It reports false, and has changed nothing, if that fails.
func (s *store[P]) put(l *load[P]) bool {
	if s == nil || l.batch.entry != nil {
		return false
	}
	record := spool.Record{Payload: s.storer.Store(nil, l.payload), Spans: l.spans, Format: s.storer.StoredFormat()}
	if err := s.files.Append(record); err != nil {
		s.x.notSpooled(err)
		return false
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.x.account.spooled += int64(s.x.settle(l.batch, l.spans))
	s.x.appended++
	s.x.changed.Broadcast()
	return true
}

// load returns the load of an entry, or drops the entry.
func (s *store[P]) load(e *spool.Entry) *load[P] {
	b := &batch{left: e.Spans, entry: e}
	p, err := s.read(e)
	if err != nil {
		s.x.dropBecause(b, e.Spans, DropSpoolFormat, Outcome{Err: err, Hint: "deliver what is spooled before the protocol or the version changes"})
		_ = e.Done()
		return nil
	}
	return &load[P]{payload: p, batch: b, spans: e.Spans}
}

func (s *store[P]) read(e *spool.Entry) (p P, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Load", v)
		}
	}()
	if e.Format != s.storer.StoredFormat() {
		return p, fmt.Errorf("a spooled payload has the format %d, not %d", e.Format, s.storer.StoredFormat())
	}
	if p, err = s.storer.Load(e.Payload); err == nil && p.Spans() != e.Spans {
		err = fmt.Errorf("a spooled payload has %d spans, not %d", p.Spans(), e.Spans)
	}
	return p, err
}

// notSpooled logs a failure of the spool, once a minute.
func (x *Exporter) notSpooled(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := time.Now(); now.Sub(x.spoolFailed) >= time.Minute {
		x.spoolFailed = now
		x.log.add(slog.LevelWarn, "cannot spool spans", slog.String("error", Excerpt(err.Error())), slog.String("hint", "they stay in the queue; check the disk of spool.dir"))
	}
}
