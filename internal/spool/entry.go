package spool

// An Entry is a record that was taken. Exactly one of Done and Return must be called for it, once. Both may be called by
// any goroutine, also after the Spool is closed: they have no effect then, and the next process delivers the record.
type Entry struct {
	Record
	spool   *Spool
	segment *segment
	offset  int64
}

// Done acknowledges the record: it was delivered, or dropped for good. An error means that the acknowledgement is not on
// disk, so that a later process may deliver the record again; the record is not taken again by this one.
func (e *Entry) Done() error {
	s := e.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done(e)
}

// Return gives the record back. It is taken again before all others of its segment.
func (e *Entry) Return() {
	s := e.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	seg := e.segment
	if s.closed {
		return
	}
	seg.leased--
	seg.waiting += int64(e.Spans)
	seg.again = append(seg.again, e)
}

func (s *Spool) done(e *Entry) error {
	seg := e.segment
	if s.closed {
		return ErrClosed
	}
	seg.leased--
	_, err := seg.file.WriteAt([]byte(doneMark), e.offset+4)
	s.sweep(seg)
	return err
}
