package jaeger

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

// compact is Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift). A field begins with one byte: the
// difference between its id and that of the field before, and its type. All lists are lists of structs, whose field
// follows the one before. Varints are those of protobuf.
type compact struct{}

const (
	cTrue   = 0x1
	cFalse  = 0x2
	cI32    = 0x5
	cI64    = 0x6
	cDouble = 0x7
	cBinary = 0x8
	cList   = 0x9
	cStruct = 0xC

	next  = 0x10 // field id + 1, in the upper half of the field's first byte
	cStop = 0
)

// Types of tags in jaeger.thrift.
const (
	tagString = 0
	tagDouble = 1
	tagBool   = 2
	tagLong   = 3
	tagBinary = 4
)

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func appendZigzag(b []byte, v int64) []byte { return binary.AppendUvarint(b, zigzag(v)) }

func appendCompactString(b []byte, s string) []byte {
	if len(s) < 0x80 {
		return append(append(b, byte(len(s))), s...)
	}
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func low(t trace.TraceID) int64  { return int64(binary.BigEndian.Uint64(t[8:])) }
func high(t trace.TraceID) int64 { return int64(binary.BigEndian.Uint64(t[:8])) }
func num(s trace.SpanID) int64   { return int64(binary.BigEndian.Uint64(s[:])) }

func (compact) parentIsReference() bool { return false }

func (compact) openSpan(b []byte, s identity) ([]byte, int) {
	at := len(b)
	b = appendZigzag(append(b, next|cI64), low(s.trace))
	b = appendZigzag(append(b, next|cI64), high(s.trace))
	b = appendZigzag(append(b, next|cI64), num(s.span))
	b = appendZigzag(append(b, next|cI64), num(s.parent))
	return appendCompactString(append(b, next|cBinary), s.name), at
}

func (compact) closeSpan(b []byte, _ int) []byte { return append(b, cStop) }

// open leaves one byte for the list's header, which holds up to 14 elements.
func (compact) open(b []byte, _ section) ([]byte, int) {
	return append(b, next|cList, 0), len(b) + 1
}

func (compact) close(b []byte, _ section, at, n int) []byte {
	if n < 15 {
		b[at] = byte(n)<<4 | cStruct
		return b
	}
	b[at] = 0xF0 | cStruct
	b = insert(b, at+1, protowire.SizeVarint(uint64(n)))
	binary.PutUvarint(b[at+1:], uint64(n))
	return b
}

func (compact) reference(b []byte, kind int, t trace.TraceID, s trace.SpanID) []byte {
	b = appendZigzag(append(b, next|cI32), int64(kind))
	b = appendZigzag(append(b, next|cI64), low(t))
	b = appendZigzag(append(b, next|cI64), high(t))
	b = appendZigzag(append(b, next|cI64), num(s))
	return append(b, cStop)
}

func (compact) times(b []byte, start time.Time, d time.Duration, afterReferences bool) []byte {
	flags := byte(2*next | cI32) // field 6, the references, is left out
	if afterReferences {
		flags = next | cI32
	}
	b = append(b, flags, sampled<<1)
	b = appendZigzag(append(b, next|cI64), start.UnixMicro())
	return appendZigzag(append(b, next|cI64), d.Microseconds())
}

func (compact) openLog(b []byte, t time.Time) ([]byte, int) {
	at := len(b)
	return appendZigzag(append(b, next|cI64), t.UnixMicro()), at
}

func (compact) closeLog(b []byte, _ int) []byte { return append(b, cStop) }

func (compact) openProcess(b []byte, service string) []byte {
	return appendCompactString(append(b, next|cBinary), service)
}

func (compact) closeProcess(b []byte) []byte { return append(b, cStop) }

// tag writes the two fields every tag has; the value's field is 3 to 7.
func (compact) tag(b []byte, key string, kind byte) []byte {
	b = appendCompactString(append(b, next|cBinary), key)
	return append(b, next|cI32, kind<<1)
}

func (c compact) str(b []byte, _ section, key, value string) []byte {
	if len(key) >= 0x80 || len(value) >= 0x80 {
		b = append(c.tag(b, key, tagString), next|cBinary)
		return append(appendCompactString(b, value), cStop)
	}
	b = append(b, next|cBinary, byte(len(key)))
	b = append(b, key...)
	b = append(b, next|cI32, tagString<<1, next|cBinary, byte(len(value)))
	b = append(b, value...)
	return append(b, cStop)
}

func (c compact) double(b []byte, _ section, key string, value float64) []byte {
	b = append(c.tag(b, key, tagDouble), 2*next|cDouble)
	return append(binary.LittleEndian.AppendUint64(b, math.Float64bits(value)), cStop)
}

func (c compact) boolean(b []byte, _ section, key string, value bool) []byte {
	field := byte(3*next | cFalse)
	if value {
		field = 3*next | cTrue
	}
	return append(c.tag(b, key, tagBool), field, cStop)
}

func (c compact) long(b []byte, _ section, key string, value int64) []byte {
	b = append(c.tag(b, key, tagLong), 4*next|cI64)
	return append(appendZigzag(b, value), cStop)
}

func (c compact) binary(b []byte, _ section, key string, value []byte) []byte {
	b = append(c.tag(b, key, tagBinary), 5*next|cBinary)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(append(b, value...), cStop)
}

// compactMessage is a call of Agent.emitBatch: oneway, sequence number 1.
type compactMessage struct{ stats bool }

const compactHead = "\x82\x81\x01\x09emitBatch" + // protocol, version 1 and oneway, seqid, name
	"\x1C" + // field 1: batch
	"\x1C" // its field 1: process

// stops end the batch and the arguments.
const stops = "\x00\x00"

// compactStats is the most that seqNo and stats add.
const compactStats = (1 + binary.MaxVarintLen64) + 1 + 3*(1+binary.MaxVarintLen64) + 1

func (m compactMessage) size(process, spans, n int) int {
	size := len(compactHead) + process + 2 + spans + len(stops)
	if n >= 15 {
		size += protowire.SizeVarint(uint64(n))
	}
	if m.stats {
		size += compactStats
	}
	return size
}

func (compactMessage) assemble(b, process, spans []byte, n int) ([]byte, int) {
	b = append(append(b, compactHead...), process...)
	b, at := compact{}.open(b, 0)
	b = compact{}.close(b, 0, at, n)
	at = len(b)
	return append(append(b, spans...), stops...), at
}

// appendStats writes the batch's fields 3 and 4, behind the spans.
func (compactMessage) appendStats(b []byte, seq int64, s clientStats) []byte {
	b = appendZigzag(append(b, next|cI64), seq)
	b = append(b, next|cStruct)
	b = appendZigzag(append(b, next|cI64), s.fullQueue)
	b = appendZigzag(append(b, next|cI64), s.tooLarge)
	b = appendZigzag(append(b, next|cI64), s.failed)
	return append(b, cStop)
}
