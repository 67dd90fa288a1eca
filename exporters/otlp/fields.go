package otlp

import "google.golang.org/protobuf/encoding/protowire"

// A wireField is one field of a message. raw and bytes are parts of the request, not copies.
type wireField struct {
	number protowire.Number
	raw    []byte // with tag and length
	bytes  []byte // the content of a string, bytes or message field
	value  uint64 // of a number

	first, last bool // whether the fields before and after it have another number
}

// fields returns the fields of a message that this package has written, in the order of the bytes. It ends at the first
// bytes that are not a field, which cannot happen unless the encoder has a fault.
func fields(message []byte) func(yield func(wireField) bool) {
	return func(yield func(wireField) bool) {
		var before protowire.Number
		for len(message) > 0 {
			f, rest := nextField(message)
			if f.number == 0 {
				return
			}
			next, _, _ := protowire.ConsumeTag(rest)
			f.first, f.last = f.number != before, f.number != next
			if !yield(f) {
				return
			}
			before, message = f.number, rest
		}
	}
}

// nextField returns the first field and the bytes after it. The number is 0 if the bytes are not a field. Groups, which
// proto3 does not have, are not fields.
func nextField(message []byte) (f wireField, rest []byte) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return wireField{}, nil
	}
	content, size := message[n:], -1
	switch kind {
	case protowire.BytesType:
		f.bytes, size = protowire.ConsumeBytes(content)
	case protowire.VarintType:
		f.value, size = protowire.ConsumeVarint(content)
	case protowire.Fixed64Type:
		f.value, size = protowire.ConsumeFixed64(content)
	case protowire.Fixed32Type:
		var v uint32
		v, size = protowire.ConsumeFixed32(content)
		f.value = uint64(v)
	}
	if size < 0 {
		return wireField{}, nil
	}
	f.number, f.raw = number, message[:n+size]
	return f, content[size:]
}
