package delivery

import (
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/internal/spool"
)

// A fifo holds queued spans in chunks. Growing it never copies items. While it is drained and filled at the same rate, it does not
// allocate.
type fifo struct {
	head, tail *chunk
	spare      *chunk // the last chunk that was emptied
	length     int
}

type chunk struct {
	next     *chunk
	from, to int
	at       time.Time // when the first item was queued
	items    [chunkItems]item
}

// chunkItems makes a chunk fit a size class of the allocator, which wastes nothing then.
const chunkItems = 255

// An item is a queued span, or its encoding.
type item struct {
	span    sdktrace.ReadOnlySpan // nil if it is encoded
	encoded EncodedSpan
	cost    int64
}

// push reads the clock for the first item of a chunk only; the others count as queued at the same time. Only the time of
// the oldest item is needed, and reading the clock was a third of the cost of queueing.
func (q *fifo) push(it item) {
	if q.tail == nil || q.tail.to == len(q.tail.items) {
		q.grow()
	}
	if q.tail.to == 0 {
		q.tail.at = time.Now()
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

// first returns the oldest item. The queue must not be empty.
func (q *fifo) first() *item { return &q.head.items[q.head.from] }

// oldest returns the time at which the oldest item was queued, or earlier by the time in which a chunk is filled. The queue
// must not be empty.
func (q *fifo) oldest() time.Time { return q.head.at }

// pop removes the oldest item. The queue must not be empty.
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

// shrink removes the first chunk, which is empty.
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
	at       time.Time // when its oldest span was queued, or earlier
	items    []item
	left     int          // spans that are not settled
	cost     int64        // of those
	entry    *spool.Entry // what the batch is in the spool; nil if it is in memory
}
