package jaeger

import (
	"time"

	"go.opentelemetry.io/otel/trace"
)

// section is a place that holds a list.
type section uint8

const (
	references section = iota
	spanTags
	logs
	fields // of a log
	processTags
)

// reference types of jaeger.thrift and model.proto, which number them alike.
const (
	childOf     = 0
	followsFrom = 1
)

// sampled is the only flag ever sent: never the debug bit.
const sampled = 1

// wire is one encoding of Jaeger's model. Every method appends to b and returns it. What an open method
// began, its close method completes; at is what the open method returned. The calls for a span come
// in the order of this list, because the encodings write fields in ascending order.
type wire interface {
	openSpan(b []byte, s identity) (_ []byte, at int)
	open(b []byte, in section) (_ []byte, at int)
	reference(b []byte, kind int, trace trace.TraceID, span trace.SpanID) []byte
	times(b []byte, start time.Time, duration time.Duration, afterReferences bool) []byte
	openLog(b []byte, t time.Time) (_ []byte, at int)
	closeLog(b []byte, at int) []byte
	close(b []byte, in section, at, n int) []byte
	closeSpan(b []byte, at int) []byte

	openProcess(b []byte, service string) []byte
	closeProcess(b []byte) []byte

	str(b []byte, in section, key, value string) []byte
	binary(b []byte, in section, key string, value []byte) []byte
	boolean(b []byte, in section, key string, value bool) []byte
	long(b []byte, in section, key string, value int64) []byte
	double(b []byte, in section, key string, value float64) []byte

	parentIsReference() bool // CHILD_OF leads the references, instead of a field of its own
}

// identity is what a span begins with.
type identity struct {
	trace        trace.TraceID
	span, parent trace.SpanID // parent is zero for a root
	name         string
}

// framing puts a process and encoded spans together into one request.
type framing interface {
	// size is the most that assemble, and for a packet its statistics, need: without those, exactly it.
	size(process, spans, n int) int
	// assemble appends the request and returns where in b the spans begin.
	assemble(b, process, spans []byte, n int) (_ []byte, at int)
}

// clientStats are the counters that a client reports to Jaeger's agent since its start.
type clientStats struct{ fullQueue, tooLarge, failed int64 }

// statsFraming is a framing whose messages have room for clientStats.
type statsFraming interface {
	appendStats(b []byte, seq int64, s clientStats) []byte
}

// insert makes room for n bytes at at.
func insert(b []byte, at, n int) []byte {
	for range n {
		b = append(b, 0)
	}
	copy(b[at+n:], b[at:len(b)-n])
	return b
}
