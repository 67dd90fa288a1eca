package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// A record in a segment, in little-endian order:
//
//	 0  magic "SPRC"
//	 4  mark: 0, or "DONE" when the record is acknowledged; outside of the checksums, because it is overwritten
//	 8  CRC-32C of the payload
//	12  length of the payload
//	16  format of the payload
//	20  spans
//	24  time of appending, in nanoseconds since 1970
//	32  CRC-32C of the header from the checksum of the payload on
//	36  payload
const (
	recordMagic  = "SPRC"
	doneMark     = "DONE"
	recordHeader = 36
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Record is one payload with what is needed to send it.
type Record struct {
	Payload []byte
	Spans   int
	Format  uint32    // of the payload: the reader refuses formats that it does not know
	Time    time.Time // when it was appended
}

// appendRecord appends the encoded record to buf.
func appendRecord(buf []byte, r Record) []byte {
	start := len(buf)
	buf = append(buf, recordMagic...)
	buf = append(buf, 0, 0, 0, 0, 0, 0, 0, 0)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(r.Payload)))
	buf = binary.LittleEndian.AppendUint32(buf, r.Format)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(r.Spans))
	buf = binary.LittleEndian.AppendUint64(buf, uint64(r.Time.UnixNano()))
	binary.LittleEndian.PutUint32(buf[start+8:], crc32.Checksum(r.Payload, castagnoli))
	buf = binary.LittleEndian.AppendUint32(buf, crc32.Checksum(buf[start+8:], castagnoli))
	return append(buf, r.Payload...)
}

var (
	// errDamaged reports bytes that are not a record.
	errDamaged = errors.New("damaged record")
	// errTorn reports a record that is longer than the file. At the end of a file it is a write that a crash cut off.
	errTorn = fmt.Errorf("%w: it ends behind the file", errDamaged)
)

// header is the part of a record in front of its payload.
type header struct {
	done   bool
	crc    uint32
	length int64
	record Record // without payload
}

// readHeader reads the header at offset. It returns errDamaged or errTorn unless the header is whole and the record
// ends at end or before.
func readHeader(f io.ReaderAt, offset, end int64) (h header, err error) {
	var raw [recordHeader]byte
	if end-offset < recordHeader {
		return h, errTorn
	}
	if _, err := f.ReadAt(raw[:], offset); err != nil {
		return h, err
	}
	h.done = string(raw[4:8]) == doneMark
	h.crc = binary.LittleEndian.Uint32(raw[8:])
	h.length = int64(binary.LittleEndian.Uint32(raw[12:]))
	h.record.Format = binary.LittleEndian.Uint32(raw[16:])
	h.record.Spans = int(binary.LittleEndian.Uint32(raw[20:]))
	h.record.Time = time.Unix(0, int64(binary.LittleEndian.Uint64(raw[24:])))
	switch {
	case string(raw[:4]) != recordMagic || binary.LittleEndian.Uint32(raw[32:]) != crc32.Checksum(raw[8:32], castagnoli):
		return h, errDamaged
	case h.length > end-offset-recordHeader:
		return h, errTorn
	}
	return h, nil
}

// readRecord reads and checks the record at offset, and returns the offset of the next one.
func readRecord(f io.ReaderAt, offset, end int64) (h header, next int64, err error) {
	h, err = readHeader(f, offset, end)
	if err != nil {
		return h, 0, err
	}
	payload := make([]byte, h.length)
	if _, err := f.ReadAt(payload, offset+recordHeader); err != nil && !errors.Is(err, io.EOF) {
		return h, 0, err
	}
	if crc32.Checksum(payload, castagnoli) != h.crc {
		return h, 0, errDamaged
	}
	h.record.Payload = payload
	return h, offset + recordHeader + h.length, nil
}

// maxCandidates bounds the places that findRecord tries, so that a file made of headers does not cost the square of
// its length.
const maxCandidates = 1000

// findRecord returns the offset of the next undamaged record behind offset, or end.
func findRecord(f io.ReaderAt, offset, end int64) int64 {
	const window = 64 << 10
	buf := make([]byte, window+len(recordMagic)-1)
	tried := 0
	for at := offset + 1; at < end; at += window {
		n, _ := f.ReadAt(buf[:min(int64(len(buf)), end-at)], at)
		for from := 0; tried < maxCandidates; tried++ {
			i := bytes.Index(buf[from:n], []byte(recordMagic))
			if i < 0 {
				break
			}
			if _, _, err := readRecord(f, at+int64(from+i), end); err == nil {
				return at + int64(from+i)
			}
			from += i + 1
		}
	}
	return end
}
