package delivery

import (
	"sync"
	"unsafe"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// encodeSpan is the method of a [SpanEncoder].
type encodeSpan func(buf []byte, span sdktrace.ReadOnlySpan, r *Report) (encoded []byte, group any)

// costItem is the place of an encoded span in the queue, in bytes.
const costItem = int64(unsafe.Sizeof(item{}))

// takeEncoded encodes a span in the goroutine that ended it, and enqueues a copy of the bytes.
func (x *Exporter) takeEncoded(span sdktrace.ReadOnlySpan) (dropped Reason) {
	s := scratches.Get().(*scratch)
	defer s.free()
	encoded := encodeRecovered(x.encode, s.buf[:0], span, &s.report)
	s.buf = encoded.Bytes

	if s.report.used() {
		if reason := x.reported(&s.report); reason != "" {
			return reason
		}
	}
	cost := int64(len(encoded.Bytes)) + costItem
	if reason := x.front.reserve(cost, &x.options); reason != "" {
		return x.refuse(reason)
	}
	to := x.front.lock()
	var size int
	encoded.Bytes, size = to.blocks.keep(encoded.Bytes)
	it := item{encoded: encoded, cost: int64(size) + costItem}
	x.front.bytes.Add(it.cost - cost)
	return x.push(to, it)
}

// reported adds the report about a span that is not queued yet to the account. It returns the reason if the encoder has
// dropped the span.
func (x *Exporter) reported(r *Report) (dropped Reason) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closing {
		x.late.count(x.log)
		return DropShutdown
	}
	x.repaired(r)
	for reason := range r.dropped {
		x.account.ended++
		x.log.cause(r.cause(reason), "")
		x.drop(reason, 1)
		return reason
	}
	return ""
}

// encodeRecovered calls encode. A panic drops the span.
func encodeRecovered(encode encodeSpan, buf []byte, span sdktrace.ReadOnlySpan, r *Report) (e EncodedSpan) {
	defer func() {
		if v := recover(); v != nil {
			*r = Report{limit: r.limit}
			r.dropPanicked(span, panicError("EncodeSpan", v))
			e = EncodedSpan{Bytes: buf}
		}
	}()
	e.Bytes, e.Group = encode(buf, span, r)
	return e
}

// repaired adds the repairs of a report to the account. Called with mu held.
func (x *Exporter) repaired(r *Report) {
	for kind, n := range r.repaired {
		x.account.repaired[kind] += uint64(n)
	}
}

// A scratch is the memory in which one span is encoded.
type scratch struct {
	buf    []byte
	report Report
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxScratch is the maximum capacity of a buffer in the pool, in bytes.
const maxScratch = 64 << 10

func (s *scratch) free() {
	if cap(s.buf) > maxScratch {
		s.buf = nil
	}
	if s.report.used() {
		s.report = Report{}
	}
	scratches.Put(s)
}
