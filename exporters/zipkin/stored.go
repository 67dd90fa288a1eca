package zipkin

import (
	"encoding/binary"
	"errors"
)

// storedFormat is the number of the format of stored payloads: the number of spans and the distances of their starts as
// varints, then the body.
const storedFormat = 0x5a49504b // "ZIPK"

// StoredFormat returns the number of the format.
func (*encoder) StoredFormat() uint32 { return storedFormat }

// Store appends p to buf.
func (*encoder) Store(buf []byte, p *payload) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(p.starts)))
	before := 0
	for _, at := range p.starts {
		buf = binary.AppendUvarint(buf, uint64(at-before))
		before = at
	}
	return append(buf, p.body...)
}

var errStored = errors.New("the starts of the spans are not readable")

// Load returns the payload that Store wrote.
func (*encoder) Load(data []byte) (*payload, error) {
	count, n := binary.Uvarint(data)
	if n <= 0 || count > uint64(len(data)-n) {
		return nil, errStored
	}
	p := &payload{starts: make([]int, count)}
	data = data[n:]
	at := uint64(0)
	for i := range p.starts {
		distance, n := binary.Uvarint(data)
		if n <= 0 || distance == 0 || distance > uint64(len(data)) {
			return nil, errStored
		}
		at, data = at+distance, data[n:]
		p.starts[i] = int(at)
	}
	if p.body = data; at >= uint64(len(data)) {
		return nil, errStored
	}
	return p, nil
}
