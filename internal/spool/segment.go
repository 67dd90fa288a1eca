package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// A segment begins with a header of 64 bytes, in little-endian order:
//
//	 0  magic "SPANSEG" and the version 1
//	 8  mark: 0, or "TAKE" once a record was taken
//	16  totals, written when the segment is complete: records, spans, bytes, time of the newest record, each 8 bytes,
//	    and their CRC-32C
const (
	segmentMagic  = "SPANSEG\x01"
	takenMark     = "TAKE"
	segmentHeader = 64
	totalsOffset  = 16
	totalsLength  = 36
	segmentSuffix = ".seg"
	damagedSuffix = ".bad"
)

// errVersion reports a segment of another version, which is left alone.
var errVersion = errors.New("segment of another version")

// A segment is one file of a log. It is guarded by the lock of the Spool.
type segment struct {
	log  *ownerLog
	name string
	file File // nil while nothing is read, appended or taken

	size   int64 // end of the last record
	read   int64 // offset of the next record to take
	newest time.Time

	sealed  bool  // no record follows
	taken   bool  // the mark is written
	damaged bool  // a damaged place was found
	places  int64 // damaged places whose spans are not counted
	known   bool  // the totals are valid
	waiting int64 // spans of the records that were neither taken nor acknowledged; behind damage, an estimate
	leased  int   // entries that are neither done nor returned
	again   []*Entry
	gone    bool // removed
}

func segmentName(number uint64) string { return fmt.Sprintf("%08d%s", number, segmentSuffix) }

// segmentNumber returns the number in name, and false if name is not that of a segment.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) < 8 {
		return 0, false
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, err == nil && segmentName(number) == name
}

// createSegment creates the file of a segment with its header on disk.
func createSegment(l *ownerLog, number uint64, sync bool) (*segment, error) {
	s := &segment{log: l, name: segmentName(number), size: segmentHeader, read: segmentHeader}
	var err error
	if s.file, err = l.dir.Create(s.name); err != nil {
		return nil, err
	}
	var head [segmentHeader]byte
	copy(head[:], segmentMagic)
	if _, err = s.file.WriteAt(head[:], 0); err == nil && sync {
		if err = s.file.Sync(); err == nil {
			err = l.dir.Sync()
		}
	}
	if err != nil {
		_ = s.file.Close()
		_ = l.dir.Remove(s.name)
		return nil, err
	}
	return s, nil
}

// openSegment reads the header of an existing segment. Without valid totals, or if records were taken, it scans the
// headers of the records.
func openSegment(l *ownerLog, name string) (*segment, error) {
	s := &segment{log: l, name: name, sealed: true, read: segmentHeader, size: segmentHeader}
	if err := s.open(); err != nil {
		return nil, err
	}
	defer s.closeIfIdle()
	size, err := s.file.Size()
	if err != nil {
		return nil, err
	}
	var head [segmentHeader]byte
	if size >= segmentHeader {
		if _, err := s.file.ReadAt(head[:], 0); err != nil {
			return nil, err
		}
	}
	switch {
	case size >= segmentHeader && string(head[:7]) == segmentMagic[:7] && head[7] > segmentMagic[7] && head[7] < 32: // a higher number is damage
		return nil, errVersion
	case size < segmentHeader: // its process died before it wrote a record
	case string(head[:8]) != segmentMagic:
		s.damaged = true // the records may still be whole
	}
	s.size = max(size, segmentHeader)
	s.taken = string(head[8:12]) == takenMark
	if !s.readTotals(head[totalsOffset:totalsOffset+totalsLength], size) || s.taken {
		s.scan()
	}
	return s, nil
}

// readTotals reports whether the totals in b are valid for a file of size bytes.
func (s *segment) readTotals(b []byte, size int64) bool {
	if binary.LittleEndian.Uint32(b[32:]) != crc32.Checksum(b[:32], castagnoli) {
		return false
	}
	s.size = int64(binary.LittleEndian.Uint64(b[16:]))
	if s.size > size { // the file was cut
		s.size = max(size, segmentHeader)
		s.damaged, s.places = true, s.places+1
	}
	s.waiting = int64(binary.LittleEndian.Uint64(b[8:]))
	s.newest = time.Unix(0, int64(binary.LittleEndian.Uint64(b[24:])))
	s.known = true
	return true
}

// scan adds up the records that are not acknowledged. It reads headers only and stops at the first damage, so that
// waiting may be too small; taking the records corrects it.
func (s *segment) scan() {
	s.waiting = 0
	for at := int64(segmentHeader); at < s.size; {
		h, err := readHeader(s.file, at, s.size)
		if err != nil {
			return
		}
		if !h.done {
			s.waiting += int64(h.record.Spans)
		}
		if h.record.Time.After(s.newest) {
			s.newest = h.record.Time
		}
		at += recordHeader + h.length
	}
}

// writeTotals writes the totals of a segment whose records are on disk. A failure costs a scan at the next start.
func (s *segment) writeTotals(records, spans int64) {
	var b [totalsLength]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(records))
	binary.LittleEndian.PutUint64(b[8:], uint64(spans))
	binary.LittleEndian.PutUint64(b[16:], uint64(s.size))
	binary.LittleEndian.PutUint64(b[24:], uint64(s.newest.UnixNano()))
	binary.LittleEndian.PutUint32(b[32:], crc32.Checksum(b[:32], castagnoli))
	_, _ = s.file.WriteAt(b[:], totalsOffset)
}

func (s *segment) open() (err error) {
	if s.file == nil {
		s.file, err = s.log.dir.Open(s.name)
	}
	return err
}

// closeIfIdle closes the file of a complete segment that nothing is taken from at the moment.
func (s *segment) closeIfIdle() {
	if s.file != nil && s.sealed && s.leased == 0 && len(s.again) == 0 && (s.read == segmentHeader || s.read >= s.size) {
		_ = s.file.Close()
		s.file = nil
	}
}

// empty reports whether all records of a complete segment are acknowledged.
func (s *segment) empty() bool {
	return s.sealed && s.read >= s.size && s.leased == 0 && len(s.again) == 0
}

// next takes the next record that is not acknowledged. It returns nil at the end of the segment.
func (s *segment) next() (*Entry, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	for s.read < s.size {
		at := s.read
		h, next, err := readRecord(s.file, at, s.size)
		switch {
		case errors.Is(err, errDamaged):
			s.read = findRecord(s.file, at, s.size)
			if s.read < s.size || s.known || !errors.Is(err, errTorn) {
				s.damaged, s.places = true, s.places+1
			}
			continue
		case err != nil:
			return nil, err
		}
		s.read = next
		if h.done {
			continue
		}
		s.markTaken()
		s.leased++
		s.waiting -= int64(h.record.Spans)
		return &Entry{Record: h.record, segment: s, offset: at}, nil
	}
	return nil, nil
}

// settle corrects the number of waiting spans. It returns the spans that damage has cost and those that the number did not
// contain. They are known at the end of the segment: the spans that are still counted as waiting are lost, and at least one
// for each damaged place.
func (s *segment) settle() (lost, found int64) {
	returned := s.returned()
	if rest := s.waiting - returned; rest < 0 {
		found, s.waiting = -rest, returned
	}
	if s.read < s.size {
		return 0, found
	}
	lost, s.waiting = s.waiting-returned, returned
	if s.places > lost {
		found += s.places - lost
		lost = s.places
	}
	s.places = 0
	return lost, found
}

// returned returns the spans of the entries that were given back.
func (s *segment) returned() (spans int64) {
	for _, e := range s.again {
		spans += int64(e.Spans)
	}
	return spans
}

// markTaken marks the segment, so that the next start looks for acknowledged records.
func (s *segment) markTaken() {
	if s.taken {
		return
	}
	if _, err := s.file.WriteAt([]byte(takenMark), 8); err == nil {
		s.taken = true
	}
}
