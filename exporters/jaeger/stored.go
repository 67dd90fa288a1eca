package jaeger

import (
	"encoding/binary"
	"errors"
)

// The numbers of the formats of stored payloads: the process with its length, the number of spans and their lengths as
// varints, then the spans.
const (
	storedThrift = 0x4a544852 // "JTHR"
	storedProto  = 0x4a50524f // "JPRO"
)

// StoredFormat returns the number of the wire format.
func (e requests) StoredFormat() uint32 {
	if e.wire == wire(proto{}) {
		return storedProto
	}
	return storedThrift
}

// Store appends p to buf.
func (requests) Store(buf []byte, p *payload) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(p.process.bytes)))
	buf = append(buf, p.process.bytes...)
	buf = binary.AppendUvarint(buf, uint64(len(p.ends)))
	for i, end := range p.ends {
		buf = binary.AppendUvarint(buf, uint64(end-p.begin(i)))
	}
	return append(buf, p.spans(0, len(p.ends))...)
}

var errStored = errors.New("the lengths of the spans are not readable")

// Load returns the payload that Store wrote.
func (e requests) Load(data []byte) (*payload, error) {
	length, data, ok := uvarint(data)
	if !ok {
		return nil, errStored
	}
	pr := &process{bytes: data[:length:length]}
	count, data, ok := uvarint(data[length:])
	if !ok {
		return nil, errStored
	}
	ends, end := make([]int, count), 0
	for i := range ends {
		length, rest, ok := uvarint(data)
		if !ok {
			return nil, errStored
		}
		end += length
		ends[i], data = end, rest
	}
	if end != len(data) {
		return nil, errStored
	}
	return newPayload(e.framing, pr, data, ends), nil
}

// uvarint reads a number that is at most the number of bytes after it.
func uvarint(data []byte) (value int, rest []byte, ok bool) {
	v, n := binary.Uvarint(data)
	if n <= 0 || v > uint64(len(data)-n) {
		return 0, nil, false
	}
	return int(v), data[n:], true
}
