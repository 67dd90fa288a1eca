package delivery

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A front takes spans from the goroutines that end them, without the lock of the exporter: a goroutine that waits for a lock
// may wait for the scheduler, on a busy machine for milliseconds, and End is called by the requests of the program.
//
// How it works. The spans lie in several shards. A goroutine uses the first shard whose lock is free, so that it does not
// wait for another one that was suspended while it held a lock. Within the lock it gives the span its number. gather, which
// is called with the lock of the exporter, moves all spans up to a number to the queue, in the order of their numbers. What
// looks at the queue or at the account calls it first. A goroutine of the exporter does so when a new span may be due, see
// announce.
type front struct {
	shards  []shard
	usual   atomic.Uint32 // the shard that was free before
	last    atomic.Uint64 // number of the last span
	refused atomic.Uint64 // spans for which the queue had no room, and which are not in the account yet

	bytes   atomic.Int64 // cost of the spans that are in the front, queued or in flight
	spans   atomic.Int64 // their number
	waiting atomic.Int64 // number of those that are not in flight

	wakeup chan struct{}
	order  []item // of gather, used again
}

// A shard has a cache line of its own.
type shard struct {
	mu     sync.Mutex
	closed bool
	items  []numbered
	spare  []numbered // the other list, empty
	blocks blocks     // with the encoded spans
	_      [64]byte
}

// A numbered is an item with its number, from 1.
type numbered struct {
	number uint64
	item
}

const (
	maxShards = 64
	// maxSpare is the maximum capacity of a list that is used again, in spans.
	maxSpare = 4096
)

// newFront returns a front with twice as many shards as there are processors.
func newFront() front {
	n := min(maxShards, 1<<bits.Len(uint(2*runtime.GOMAXPROCS(0)-1)))
	return front{shards: make([]shard, n), wakeup: make(chan struct{}, 1)}
}

// lock locks a shard.
func (f *front) lock() *shard {
	usual := f.usual.Load()
	mask := uint32(len(f.shards) - 1)
	for i := range uint32(len(f.shards)) {
		s := &f.shards[(usual+i)&mask]
		if s.mu.TryLock() {
			if i > 0 {
				f.usual.Store((usual + i) & mask)
			}
			return s
		}
	}
	s := &f.shards[usual&mask]
	s.mu.Lock()
	return s
}

// add numbers an item and adds it to s, which the caller has locked.
func (f *front) add(s *shard, it item) {
	s.items = append(s.items, numbered{f.last.Add(1), it})
}

// reserve makes room for a span, or returns the reason why it cannot.
func (f *front) reserve(cost int64, o *Options) Reason {
	switch {
	case cost > o.QueueBytes:
		return DropTooLarge
	case f.bytes.Add(cost) > o.QueueBytes:
		f.bytes.Add(-cost)
		return DropQueueFull
	case f.spans.Add(1) > int64(o.MaxQueueSize) && o.MaxQueueSize > 0:
		f.release(cost, 1)
		return DropQueueFull
	}
	return ""
}

// release gives back what reserve took.
func (f *front) release(cost int64, spans int) {
	f.bytes.Add(-cost)
	f.spans.Add(int64(-spans))
}

// announce wakes the goroutine that gathers if a span may be due: the first one that waits, and the last one of a batch.
func (f *front) announce(batch int) {
	if n := f.waiting.Add(1); n == 1 || n%int64(batch) == 0 {
		f.wake()
	}
}

// refuse counts a span for which the queue has no room.
func (f *front) refuse() {
	if f.refused.Add(1) == 1 {
		f.wake()
	}
}

func (f *front) wake() {
	select {
	case f.wakeup <- struct{}{}:
	default:
	}
}

// close makes the front refuse spans.
func (f *front) close() {
	for i := range f.shards {
		s := &f.shards[i]
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
}

// take returns the items after the number added, in their order. Each number up to the last one was given within the lock of
// a shard, so each item is in its shard when that is locked here. The list is valid until the next call.
func (f *front) take(added uint64) []item {
	last := f.last.Load()
	if last == added {
		return nil
	}
	f.order = slices.Grow(f.order[:0], int(last-added))[:last-added]
	for i := range f.shards {
		f.shards[i].move(f.order, added, last)
	}
	return f.order
}

// done ends the use of the list that take returned.
func (f *front) done() {
	clear(f.order)
	if cap(f.order) > maxSpare {
		f.order = nil
	}
}

// move moves the items with the numbers after added until last to their places. Later ones stay.
func (s *shard) move(to []item, added, last uint64) {
	s.mu.Lock()
	moved := s.items
	n := len(moved)
	for n > 0 && moved[n-1].number > last {
		n--
	}
	s.items = append(s.spare, moved[n:]...)
	s.spare = nil
	s.mu.Unlock()
	for i := range n {
		to[moved[i].number-added-1] = moved[i].item
	}
	clear(moved)
	if cap(moved) > maxSpare {
		return
	}
	s.mu.Lock()
	s.spare = moved[:0]
	s.mu.Unlock()
}

// gather moves the spans of the front to the queue, and counts those that it refused. Called with mu held.
func (x *Exporter) gather() {
	if n := x.front.refused.Swap(0); n > 0 {
		x.account.ended += n
		x.drop(DropQueueFull, int(n))
	}
	items := x.front.take(x.added)
	for i := range items {
		x.queue.push(items[i])
	}
	x.added += uint64(len(items))
	x.account.ended += uint64(len(items))
	x.front.done()
}

// collect gathers when a span may be due, and wakes the senders, until Shutdown has returned.
func (x *Exporter) collect() {
	for {
		select {
		case <-x.front.wakeup:
		case <-x.log.stop:
			return
		}
		x.mu.Lock()
		x.gather()
		x.changed.Broadcast()
		x.mu.Unlock()
	}
}
