package otlp

import (
	"encoding/binary"
	"errors"
)

// storedFormat is the number of the format of stored payloads: the number of spans as a varint, then the request.
const storedFormat = 0x4f544c50 // "OTLP"

// StoredFormat returns a number that is the same for all protocols of OTLP.
func (*encoder) StoredFormat() uint32 { return storedFormat }

// Store appends p to buf.
func (*encoder) Store(buf []byte, p *payload) []byte {
	return append(binary.AppendUvarint(buf, uint64(p.spans)), p.bytes...)
}

// Load returns the payload that Store wrote.
func (*encoder) Load(data []byte) (*payload, error) {
	spans, n := binary.Uvarint(data)
	if n <= 0 || spans > uint64(len(data)-n) {
		return nil, errors.New("the number of spans is not readable")
	}
	return &payload{bytes: data[n:], spans: int(spans)}, nil
}
