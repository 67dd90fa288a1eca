package jaeger

import (
	"time"

	"go.opentelemetry.io/otel/trace"
)

// A section is a place of a span or process that holds a list.
type section uint8

const (
	references section = iota
	spanTags
	logs
	fields // of a log
	processTags
)

// Types of references, with the same numbers in jaeger.thrift and model.proto.
const (
	childOf     = 0
	followsFrom = 1
)

// sampled is the only flag that is sent. The debug flag never is.
const sampled = 1

// A wire is one encoding of Jaeger's model: Thrift compact, Thrift binary, or protobuf. Its methods append to b and return
// the result. A close method completes what the open method of the same name began; at is the second result of that method.
// The methods are called for a span in the order of this list, because the encodings write fields in ascending order. An
// implementation has no state, so one value serves all goroutines.
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

// An identity is what a span begins with in all encodings.
type identity struct {
	trace        trace.TraceID
	span, parent trace.SpanID // parent is zero for a root
	name         string
}

// A framing puts a process and encoded spans together into one request or packet.
type framing interface {
	// size returns the length of the request in bytes. For a packet with statistics it is an upper bound, because their
	// numbers grow.
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

// insert moves the bytes from the index at on by n, to make room for the length of a message that is longer than expected.
func insert(b []byte, at, n int) []byte {
	for range n {
		b = append(b, 0)
	}
	copy(b[at+n:], b[at:len(b)-n])
	return b
}
