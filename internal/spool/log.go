package spool

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// An ownerLog is the directory of one process, held by its lock.
type ownerLog struct {
	name     string
	dir      Dir
	unlock   func() error
	segments []*segment // oldest first
	last     uint64     // number of the newest segment
}

const lockName = "lock"

// openLog locks the directory called name and reads its segments. It returns ErrLocked if its process lives.
func openLog(parent Dir, name string) (*ownerLog, error) {
	dir, err := parent.Sub(name)
	if err != nil {
		return nil, err
	}
	unlock, err := dir.Lock(lockName)
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	l := &ownerLog{name: name, dir: dir, unlock: unlock}
	if err := l.load(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *ownerLog) load() error {
	names, err := l.dir.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		number, ok := segmentNumber(name)
		if !ok {
			continue
		}
		l.last = max(l.last, number)
		s, err := openSegment(l, name)
		switch {
		case errors.Is(err, errVersion):
			continue
		case err != nil:
			s = &segment{log: l, name: name, sealed: true, damaged: true, places: 1, read: segmentHeader, size: segmentHeader}
		}
		l.segments = append(l.segments, s)
	}
	return nil
}

// active returns the segment that grows, nil if there is not one yet.
func (l *ownerLog) active() *segment {
	if n := len(l.segments); n > 0 && !l.segments[n-1].sealed {
		return l.segments[n-1]
	}
	return nil
}

// remove removes s. A damaged segment is kept under another name for inspection, unless discard is set.
func (l *ownerLog) remove(s *segment, discard bool) {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
	s.gone = true
	l.segments = slices.DeleteFunc(l.segments, func(other *segment) bool { return other == s })
	if s.damaged && !discard {
		if l.dir.Rename(s.name, strings.TrimSuffix(s.name, segmentSuffix)+damagedSuffix) == nil {
			return
		}
	}
	_ = l.dir.Remove(s.name)
}

// removeDamaged removes the damaged segments that were set aside before cutoff.
func (l *ownerLog) removeDamaged(cutoff time.Time) {
	names, _ := l.dir.List()
	for _, name := range names {
		if !strings.HasSuffix(name, damagedSuffix) {
			continue
		}
		if modified, err := l.dir.ModTime(name); err == nil && modified.Before(cutoff) {
			_ = l.dir.Remove(name)
		}
	}
}

func (l *ownerLog) bytes() (n int64) {
	for _, s := range l.segments {
		n += s.size
	}
	return n
}

// close releases the directory.
func (l *ownerLog) close() {
	for _, s := range l.segments {
		if s.file != nil {
			_ = s.file.Close()
			s.file = nil
		}
	}
	_ = l.unlock()
	_ = l.dir.Close()
}

// closeAndRemove releases the directory and removes it if only the lock is left.
func (l *ownerLog) closeAndRemove(parent Dir) {
	names, err := l.dir.List()
	if err == nil && len(l.segments) == 0 && slices.Equal(names, []string{lockName}) {
		_ = l.dir.Remove(lockName)
		l.close()
		_ = parent.Remove(l.name)
		return
	}
	l.close()
}
