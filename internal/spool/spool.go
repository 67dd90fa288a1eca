package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Spool holds the payloads of one destination. It is safe for concurrent use. It has no goroutines: the owner calls
// [Spool.Sync] and [Spool.Adopt] at intervals.
type Spool struct {
	o        Options
	parent   Dir        // of the destination
	adopting sync.Mutex // one Adopt at a time; locked before mu

	mu      sync.Mutex
	own     *ownerLog
	adopted []*ownerLog // oldest first
	dirty   []*segment  // with records that are not synced
	buf     []byte
	records int64 // of the active segment
	spans   int64 // of the active segment
	closed  bool
	found   int64 // spans that were waiting in adopted directories
}

// Stats describes a spool at one instant.
type Stats struct {
	Waiting int64     // spans of records that were neither taken nor acknowledged
	Taken   int64     // records that are taken at the moment
	Bytes   int64     // of all segments
	Adopted int64     // spans that were waiting in the directories of dead processes when they were adopted
	Oldest  time.Time // when the oldest segment with waiting records got its newest record; zero without one
}

// Open opens the spool of a destination in root, a directory that [OpenDir] has checked. owner names the directory of
// this process: it must be unique among all processes that use root. Directories of dead processes are adopted.
func Open(root Dir, owner string, o Options) (*Spool, error) {
	o = o.orDefault()
	if err := checkVersion(root); err != nil {
		return nil, err
	}
	parent, err := root.Sub(directoryName(o.Destination))
	if err != nil {
		return nil, err
	}
	own, err := openLog(parent, owner)
	if err != nil {
		_ = parent.Close()
		return nil, fmt.Errorf("directory of this process: %w", err)
	}
	s := &Spool{o: o, parent: parent, own: own}
	if err := s.Adopt(); err != nil {
		own.closeAndRemove(parent)
		_ = parent.Close()
		return nil, err
	}
	return s, nil
}

// directoryName returns the name of the directory of a destination such as "otlp/backup".
func directoryName(destination string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '+':
			return r
		case r == '/':
			return '+'
		}
		return '_'
	}, destination)
	if name == "" {
		return "_"
	}
	return name
}

// Adopt takes over the directories of processes that have died. The owner calls it now and then, because another
// process may die later than this one starts.
func (s *Spool) Adopt() error {
	s.adopting.Lock()
	defer s.adopting.Unlock()
	names, err := s.parent.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		if s.holds(name) {
			continue
		}
		l, err := openLog(s.parent, name)
		if err != nil {
			continue // its process lives, or the directory cannot be read: both must not stop a service
		}
		l.removeDamaged(s.o.Now().Add(-s.o.MaxAge))
		if len(l.segments) == 0 {
			l.closeAndRemove(s.parent)
			continue
		}
		if err := s.add(l); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether the directory called name belongs to this process already.
func (s *Spool) holds(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return name == s.own.name || slices.ContainsFunc(s.adopted, func(l *ownerLog) bool { return l.name == name })
}

func (s *Spool) add(l *ownerLog) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.close()
		return ErrClosed
	}
	for _, seg := range l.segments {
		s.found += seg.waiting
		if !seg.known { // its process died before it was complete, and maybe before it was on disk
			s.dirty = append(s.dirty, seg)
		}
	}
	s.adopted = append(s.adopted, l)
	return nil
}

// Append adds a record. When it returns nil, the record survives the death of the process, and with SyncAlways that of
// the machine. It makes room by dropping the oldest segments, except for those with taken records: these must survive until
// they are acknowledged. It does not keep payload.
func (s *Spool) Append(r Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	r.Time = s.o.Now()
	need := int64(recordHeader + len(r.Payload))
	if need+segmentHeader > s.o.MaxBytes {
		return ErrTooLarge
	}
	s.dropExpired()
	for s.bytes()+need+segmentHeader > s.o.MaxBytes {
		if !s.dropOldest() {
			return errBusy
		}
	}
	err := s.append(r, need)
	for err != nil && isFull(err) && s.dropOldest() {
		err = s.append(r, need)
	}
	return err
}

func (s *Spool) append(r Record, need int64) error {
	seg := s.own.active()
	if seg != nil && seg.size+need > s.o.SegmentBytes && seg.size > segmentHeader {
		s.seal(seg)
		seg = nil
	}
	if seg == nil {
		var err error
		if seg, err = createSegment(s.own, s.own.last+1, s.o.Sync != SyncNever); err != nil {
			return err
		}
		s.own.last++
		s.own.segments = append(s.own.segments, seg)
	}
	s.buf = appendRecord(s.buf[:0], r)
	if _, err := seg.file.WriteAt(s.buf, seg.size); err != nil {
		_ = seg.file.Truncate(seg.size)
		return err
	}
	if s.o.Sync == SyncAlways {
		if err := seg.file.Sync(); err != nil {
			_ = seg.file.Truncate(seg.size)
			return err
		}
	} else if !slices.Contains(s.dirty, seg) {
		s.dirty = append(s.dirty, seg)
	}
	seg.size += need
	seg.newest = r.Time
	seg.waiting += int64(r.Spans)
	s.records++
	s.spans += int64(r.Spans)
	return nil
}

func (s *Spool) seal(seg *segment) {
	seg.sealed = true
	if s.o.Sync == SyncNever || s.sync(seg) == nil { // an error leaves it to the next Sync
		seg.writeTotals(s.records, s.spans)
	}
	s.records, s.spans = 0, 0
	s.sweep(seg)
}

// Take takes the oldest record that is waiting. It returns nil if there is nothing to take, or nothing that can be read.
func (s *Spool) Take() *Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		e := s.take()
		if e == nil {
			return nil
		}
		if s.o.Now().Sub(e.Time) <= s.o.MaxAge {
			return e
		}
		s.drop(DropExpired, int64(e.Spans))
		_ = s.done(e)
	}
	return nil
}

func (s *Spool) take() *Entry {
	for _, l := range s.logs() {
		for _, seg := range slices.Clone(l.segments) {
			if n := len(seg.again); n > 0 {
				e := seg.again[0]
				seg.again = slices.Delete(seg.again, 0, 1)
				seg.leased++
				seg.waiting -= int64(e.Spans)
				return e
			}
			e, err := seg.next()
			if err != nil { // unreadable: set aside with all that is left in it
				seg.damaged, seg.places = true, seg.places+1
				seg.sealed, seg.read = true, seg.size
			}
			lost, found := seg.settle()
			if found > 0 {
				s.o.Found(found)
			}
			s.drop(DropCorrupt, lost)
			if e != nil {
				e.spool = s
				return e
			}
			s.sweep(seg)
		}
	}
	return nil
}

// logs returns all directories, the oldest first.
func (s *Spool) logs() []*ownerLog { return append(slices.Clone(s.adopted), s.own) }

// sweep removes seg if all of it is acknowledged.
func (s *Spool) sweep(seg *segment) {
	if !seg.empty() {
		seg.closeIfIdle()
		return
	}
	s.remove(seg, false)
}

// remove removes seg, and an adopted directory whose last segment it was.
func (s *Spool) remove(seg *segment, discard bool) {
	l := seg.log
	l.remove(seg, discard)
	if l != s.own && len(l.segments) == 0 {
		s.adopted = slices.DeleteFunc(s.adopted, func(other *ownerLog) bool { return other == l })
		l.closeAndRemove(s.parent)
	}
}

func (s *Spool) bytes() (n int64) {
	for _, l := range s.logs() {
		n += l.bytes()
	}
	return n
}

// dropOldest removes the oldest segment that has records, but none that is taken, and reports whether there was one.
func (s *Spool) dropOldest() bool {
	for _, l := range s.logs() {
		for _, seg := range l.segments {
			if seg.size > segmentHeader && seg.leased == 0 {
				s.discard(seg, DropFull)
				return true
			}
		}
	}
	return false
}

func (s *Spool) dropExpired() {
	cutoff := s.o.Now().Add(-s.o.MaxAge)
	for _, l := range s.logs() {
		for len(l.segments) > 0 {
			seg := l.segments[0]
			if !seg.sealed || seg.leased > 0 || seg.newest.IsZero() || !seg.newest.Before(cutoff) {
				break
			}
			s.discard(seg, DropExpired)
		}
	}
}

// discard removes seg with its waiting records. None of its records is taken.
func (s *Spool) discard(seg *segment, reason string) {
	s.drop(reason, seg.waiting)
	if !seg.sealed {
		s.records, s.spans = 0, 0
	}
	s.remove(seg, true)
}

func (s *Spool) drop(reason string, spans int64) {
	if spans > 0 {
		s.o.Dropped(reason, spans)
	}
}

// Sync brings appended records to disk.
func (s *Spool) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, seg := range slices.Clone(s.dirty) {
		err = errors.Join(err, s.sync(seg))
		seg.closeIfIdle()
	}
	return err
}

// sync brings seg to disk, unless it is gone.
func (s *Spool) sync(seg *segment) error {
	if !seg.gone {
		if err := seg.open(); err != nil {
			return err
		}
		if err := seg.file.Sync(); err != nil {
			return err
		}
	}
	s.dirty = slices.DeleteFunc(s.dirty, func(other *segment) bool { return other == seg })
	return nil
}

// Stats returns one consistent snapshot.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Bytes: s.bytes(), Adopted: s.found}
	for _, l := range s.logs() {
		for _, seg := range l.segments {
			st.Waiting += max(0, seg.waiting)
			st.Taken += int64(seg.leased)
			if seg.waiting > 0 && (st.Oldest.IsZero() || seg.newest.Before(st.Oldest)) {
				st.Oldest = seg.newest
			}
		}
	}
	return st
}

// Close completes the active segment, syncs it unless SyncNever is set, and releases the directories. Taken records
// that were not acknowledged are delivered again by the next process.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	var err error
	if seg := s.own.active(); seg != nil {
		s.seal(seg)
	}
	for _, seg := range slices.Clone(s.dirty) {
		if s.o.Sync != SyncNever {
			err = errors.Join(err, s.sync(seg))
		}
	}
	s.closed = true
	for _, l := range s.adopted {
		l.closeAndRemove(s.parent)
	}
	s.own.closeAndRemove(s.parent)
	return errors.Join(err, s.parent.Close())
}
