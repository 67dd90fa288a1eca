package jaeger

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// strict is Thrift's binary protocol (thrift-binary-protocol.md of Apache Thrift): a field is its
// type, its id in two bytes, its value; all numbers are big-endian.
type strict struct{}

const (
	bBool   = 2
	bDouble = 4
	bI32    = 8
	bI64    = 10
	bString = 11
	bStruct = 12
	bList   = 15
	bStop   = 0
)

// listID is the field id of each list.
var listID = [...]byte{references: 6, spanTags: 10, logs: 11, fields: 2, processTags: 2}

func field32(b []byte, id byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(append(b, bI32, 0, id), uint32(v))
}

func field64(b []byte, id byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, bI64, 0, id), uint64(v))
}

func fieldString(b []byte, id byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(append(b, bString, 0, id), uint32(len(s)))
	return append(b, s...)
}

func (strict) parentIsReference() bool { return false }

func (strict) openSpan(b []byte, s identity) ([]byte, int) {
	at := len(b)
	b = field64(b, 1, low(s.trace))
	b = field64(b, 2, high(s.trace))
	b = field64(b, 3, num(s.span))
	b = field64(b, 4, num(s.parent))
	return fieldString(b, 5, s.name), at
}

func (strict) closeSpan(b []byte, _ int) []byte { return append(b, bStop) }

func (strict) open(b []byte, in section) ([]byte, int) {
	b = append(b, bList, 0, listID[in], bStruct)
	return append(b, 0, 0, 0, 0), len(b)
}

func (strict) close(b []byte, _ section, at, n int) []byte {
	binary.BigEndian.PutUint32(b[at:], uint32(n))
	return b
}

func (strict) reference(b []byte, kind int, t trace.TraceID, s trace.SpanID) []byte {
	b = field32(b, 1, int32(kind))
	b = field64(b, 2, low(t))
	b = field64(b, 3, high(t))
	b = field64(b, 4, num(s))
	return append(b, bStop)
}

func (strict) times(b []byte, start time.Time, d time.Duration, _ bool) []byte {
	b = field32(b, 7, sampled)
	b = field64(b, 8, start.UnixMicro())
	return field64(b, 9, d.Microseconds())
}

func (strict) openLog(b []byte, t time.Time) ([]byte, int) {
	return field64(b, 1, t.UnixMicro()), len(b)
}

func (strict) closeLog(b []byte, _ int) []byte { return append(b, bStop) }

func (strict) openProcess(b []byte, service string) []byte { return fieldString(b, 1, service) }

func (strict) closeProcess(b []byte) []byte { return append(b, bStop) }

func (strict) tag(b []byte, key string, kind int32) []byte {
	return field32(fieldString(b, 1, key), 2, kind)
}

func (s strict) str(b []byte, _ section, key, value string) []byte {
	return append(fieldString(s.tag(b, key, tagString), 3, value), bStop)
}

func (s strict) double(b []byte, _ section, key string, value float64) []byte {
	b = append(s.tag(b, key, tagDouble), bDouble, 0, 4)
	return append(binary.BigEndian.AppendUint64(b, math.Float64bits(value)), bStop)
}

func (s strict) boolean(b []byte, _ section, key string, value bool) []byte {
	var bit byte
	if value {
		bit = 1
	}
	return append(s.tag(b, key, tagBool), bBool, 0, 5, bit, bStop)
}

func (s strict) long(b []byte, _ section, key string, value int64) []byte {
	return append(field64(s.tag(b, key, tagLong), 6, value), bStop)
}

func (s strict) binary(b []byte, _ section, key string, value []byte) []byte {
	b = append(s.tag(b, key, tagBinary), bString, 0, 7)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(append(b, value...), bStop)
}

// binaryBatch is a Batch by itself: the body of a request to the collector.
type binaryBatch struct{}

const batchHead = "\x0C\x00\x01" // field 1: process

func (binaryBatch) size(process, spans, _ int) int {
	return len(batchHead) + process + 8 + spans + 1
}

func (binaryBatch) assemble(b, process, spans []byte, n int) ([]byte, int) {
	b = append(append(b, batchHead...), process...)
	b = append(b, bList, 0, 2, bStruct)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	at := len(b)
	return append(append(b, spans...), bStop), at
}

// binaryMessage is a call of Agent.emitBatch: oneway, sequence number 1.
type binaryMessage struct{ stats bool }

const messageHead = "\x80\x01\x00\x04" + // version 1, oneway
	"\x00\x00\x00\x09emitBatch" + "\x00\x00\x00\x01" + // name, seqid
	"\x0C\x00\x01" // field 1: batch

const binaryStats = (3 + 8) + 3 + 3*(3+8) + 1

func (m binaryMessage) size(process, spans, n int) int {
	size := len(messageHead) + binaryBatch{}.size(process, spans, n) + 1
	if m.stats {
		size += binaryStats
	}
	return size
}

func (binaryMessage) assemble(b, process, spans []byte, n int) ([]byte, int) {
	b, at := binaryBatch{}.assemble(append(b, messageHead...), process, spans, n)
	return append(b, bStop), at
}

func (binaryMessage) appendStats(b []byte, seq int64, s clientStats) []byte {
	b = field64(b, 3, seq)
	b = append(b, bStruct, 0, 4)
	b = field64(b, 1, s.fullQueue)
	b = field64(b, 2, s.tooLarge)
	b = field64(b, 3, s.failed)
	return append(b, bStop)
}
