package delivery

import (
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A fifo holds waiting spans in chunks, so that growing never copies items, and a
// queue that is drained at the rate at which it is filled does not allocate.
type fifo struct {
	head, tail *chunk
	spare      *chunk // the last chunk emptied
	length     int
}

type chunk struct {
	next     *chunk
	from, to int
	items    [256]item
}

type item struct {
	span sdktrace.ReadOnlySpan
	cost int64
	at   time.Time // when it was enqueued, or up to a chunk earlier
}

// push reads the clock for the first item of an empty queue and of a chunk; those behind it take over its time.
// Only the oldest item's time is needed, and reading the clock was a third of the cost of enqueuing.
func (q *fifo) push(it item) {
	if q.tail == nil || q.tail.to == len(q.tail.items) {
		q.grow()
	}
	if q.length == 0 || q.tail.to == 0 {
		it.at = time.Now()
	} else {
		it.at = q.tail.items[q.tail.to-1].at
	}
	q.tail.items[q.tail.to] = it
	q.tail.to++
	q.length++
}

func (q *fifo) grow() {
	c := q.spare
	q.spare = nil
	if c == nil {
		c = new(chunk)
	}
	if q.tail == nil {
		q.head, q.tail = c, c
		return
	}
	q.tail.next, q.tail = c, c
}

// first is the oldest item; the queue must not be empty.
func (q *fifo) first() *item { return &q.head.items[q.head.from] }

// pop takes the oldest item off; the queue must not be empty.
func (q *fifo) pop() item {
	c := q.head
	it := c.items[c.from]
	c.items[c.from] = item{}
	c.from++
	q.length--
	if c.from == c.to {
		q.shrink()
	}
	return it
}

// shrink puts the first chunk aside, which holds nothing any more.
func (q *fifo) shrink() {
	c := q.head
	q.head = c.next
	if q.head == nil {
		q.tail = nil
	}
	c.next, c.from, c.to = nil, 0, 0
	q.spare = c
}

// A batch is what a sender goroutine takes from the queue at once: the spans with the sequence numbers from until to.
type batch struct {
	from, to uint64
	spans    []sdktrace.ReadOnlySpan
	left     int   // spans that are not settled
	cost     int64 // of those
}
