package jaeger

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

// proto is the protobuf encoding, api_v2/model.proto of jaeger-idl v0.14.0. Fields with the zero value are left out, as
// proto3 requires. All field numbers are below 16, so that each tag is one byte.
//
// How it works. The length of a message stands before its content. Lengths that are known in advance, as those of tags, are
// written first. For spans and logs one byte is reserved, and shut fills it in; if the length needs more bytes, the
// content moves.
type proto struct{}

const (
	pVarint  = byte(protowire.VarintType)
	pFixed64 = byte(protowire.Fixed64Type)
	pBytes   = byte(protowire.BytesType)
)

// Value types of model.proto, with other numbers than in jaeger.thrift.
const (
	protoBool   = 1
	protoInt64  = 2
	protoFloat  = 3
	protoBinary = 4
)

// listKey is the tag of the elements of each list. A list has no head: each of its elements is a field of its own.
var listKey = [...]byte{
	references: 4<<3 | pBytes, spanTags: 8<<3 | pBytes, logs: 9<<3 | pBytes,
	fields: 2<<3 | pBytes, processTags: 2<<3 | pBytes,
}

// appendBytes appends a field with a string.
func appendBytes(b []byte, id byte, s string) []byte {
	return protowire.AppendString(append(b, id<<3|pBytes), s)
}

// shut writes the length of the message that begins at the index at into the byte before it.
func shut(b []byte, at int) []byte {
	size := len(b) - at
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 {
		b = insert(b, at, more)
	}
	binary.PutUvarint(b[at-1:], uint64(size))
	return b
}

func (proto) parentIsReference() bool { return true }

func (proto) openSpan(b []byte, s identity) ([]byte, int) {
	b = append(b, 1<<3|pBytes, 0)
	at := len(b)
	b = append(append(b, 1<<3|pBytes, 16), s.trace[:]...)
	b = append(append(b, 2<<3|pBytes, 8), s.span[:]...)
	return appendBytes(b, 3, s.name), at
}

func (proto) closeSpan(b []byte, at int) []byte { return shut(b, at) }

func (proto) open(b []byte, _ section) ([]byte, int) { return b, 0 }

func (proto) close(b []byte, _ section, _, _ int) []byte { return b }

func (proto) reference(b []byte, kind int, t trace.TraceID, s trace.SpanID) []byte {
	size := byte(2 + 16 + 2 + 8)
	if kind != 0 {
		size += 2
	}
	b = append(b, listKey[references], size)
	b = append(append(b, 1<<3|pBytes, 16), t[:]...)
	b = append(append(b, 2<<3|pBytes, 8), s[:]...)
	if kind != 0 {
		b = append(b, 3<<3|pVarint, byte(kind))
	}
	return b
}

func (proto) times(b []byte, start time.Time, d time.Duration, _ bool) []byte {
	b = append(b, 5<<3|pVarint, sampled)
	b = instant(b, 6, start.Unix(), start.Nanosecond())
	return instant(b, 7, int64(d/time.Second), int(d%time.Second))
}

// instant appends a Timestamp or a Duration, which have the same fields. Neither is negative.
func instant(b []byte, id byte, seconds int64, nanos int) []byte {
	b = append(b, id<<3|pBytes, 0)
	at := len(b)
	if seconds != 0 {
		b = protowire.AppendVarint(append(b, 1<<3|pVarint), uint64(seconds))
	}
	if nanos != 0 {
		b = protowire.AppendVarint(append(b, 2<<3|pVarint), uint64(nanos))
	}
	b[at-1] = byte(len(b) - at)
	return b
}

func (proto) openLog(b []byte, t time.Time) ([]byte, int) {
	b = append(b, listKey[logs], 0)
	at := len(b)
	return instant(b, 1, t.Unix(), t.Nanosecond()), at
}

func (proto) closeLog(b []byte, at int) []byte { return shut(b, at) }

func (proto) openProcess(b []byte, service string) []byte { return appendBytes(b, 1, service) }

func (proto) closeProcess(b []byte) []byte { return b }

// tag appends a tag without its value, whose field has more bytes.
func (proto) tag(b []byte, in section, key string, kind byte, more int) []byte {
	size := 1 + protowire.SizeBytes(len(key)) + more
	if kind != 0 {
		size += 2
	}
	b = protowire.AppendVarint(append(b, listKey[in]), uint64(size))
	b = appendBytes(b, 1, key)
	if kind != 0 {
		b = append(b, 2<<3|pVarint, kind)
	}
	return b
}

func (p proto) str(b []byte, in section, key, value string) []byte {
	if value == "" {
		return p.tag(b, in, key, 0, 0)
	}
	b = p.tag(b, in, key, 0, 1+protowire.SizeBytes(len(value)))
	return appendBytes(b, 3, value)
}

func (p proto) boolean(b []byte, in section, key string, value bool) []byte {
	if !value {
		return p.tag(b, in, key, protoBool, 0)
	}
	return append(p.tag(b, in, key, protoBool, 2), 4<<3|pVarint, 1)
}

func (p proto) long(b []byte, in section, key string, value int64) []byte {
	if value == 0 {
		return p.tag(b, in, key, protoInt64, 0)
	}
	b = append(p.tag(b, in, key, protoInt64, 1+protowire.SizeVarint(uint64(value))), 5<<3|pVarint)
	return protowire.AppendVarint(b, uint64(value))
}

func (p proto) double(b []byte, in section, key string, value float64) []byte {
	bits := math.Float64bits(value)
	if bits == 0 { // -0 is written
		return p.tag(b, in, key, protoFloat, 0)
	}
	b = append(p.tag(b, in, key, protoFloat, 9), 6<<3|pFixed64)
	return protowire.AppendFixed64(b, bits)
}

func (p proto) binary(b []byte, in section, key string, value []byte) []byte {
	if len(value) == 0 {
		return p.tag(b, in, key, protoBinary, 0)
	}
	b = append(p.tag(b, in, key, protoBinary, 1+protowire.SizeBytes(len(value))), 7<<3|pBytes)
	return protowire.AppendBytes(b, value)
}

// postSpans is the framing of a PostSpansRequest. The encoded spans include their tags.
type postSpans struct{}

// batch returns the length of the Batch message.
func (postSpans) batch(process, spans int) int {
	return spans + 1 + protowire.SizeBytes(process)
}

func (f postSpans) size(process, spans, _ int) int {
	batch := f.batch(process, spans)
	return 1 + protowire.SizeBytes(batch)
}

func (f postSpans) assemble(b, process, spans []byte, _ int) ([]byte, int) {
	b = protowire.AppendVarint(append(b, 1<<3|pBytes), uint64(f.batch(len(process), len(spans))))
	at := len(b)
	b = append(b, spans...)
	return protowire.AppendBytes(append(b, 2<<3|pBytes), process), at
}
