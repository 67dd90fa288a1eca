package delivery

import "time"

// next waits for a batch and moves it from the queue into flight. It returns nil at the time until, if that is not zero,
// and nil with over when no more spans will come.
func (x *Exporter) next(until time.Time) (b *batch, over bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		now := time.Now()
		switch n := x.ready(now); {
		case x.aborted:
			return nil, true
		case n > 0:
			return x.move(n), false
		case !until.IsZero() && !now.Before(until):
			return nil, false
		case x.closing && x.queue.length == 0 && until.IsZero():
			return nil, true
		}
		x.wait(earliest(until, x.oldestDue()))
	}
}

// ready returns the number of spans that a sender may take now.
func (x *Exporter) ready(now time.Time) int {
	n := min(x.queue.length, x.options.BatchSize)
	switch first := x.first(); {
	case n == 0:
		return 0
	case x.closing:
		return n
	case first < x.flushSeq: // a flush must not wait for spans enqueued after it
		return min(n, int(x.flushSeq-first))
	case n == x.options.BatchSize:
		return n
	case !now.Before(x.oldestDue()) && x.options.BatchDelay >= 0:
		return n
	}
	return 0
}

// first returns the sequence number of the oldest queued span, or of the next one if none is queued. Called with mu held.
func (x *Exporter) first() uint64 { return x.added - uint64(x.queue.length) }

// oldest returns the time at which the oldest span that is queued or in flight was queued, or an earlier one; zero without a
// span. Called with mu held.
func (x *Exporter) oldest() (at time.Time) {
	if x.queue.length > 0 {
		at = x.queue.oldest()
	}
	for b := range x.inFlight {
		at = earliest(at, b.at)
	}
	return at
}

// oldestDue returns the time at which the oldest queued span no longer waits for a full batch; zero means never.
func (x *Exporter) oldestDue() time.Time {
	if x.queue.length == 0 || x.options.BatchDelay < 0 {
		return time.Time{}
	}
	return x.queue.oldest().Add(x.options.BatchDelay)
}

// move takes up to n spans out of the queue. Their cost is bounded by the size of a few payloads, because the bound of the
// queue does not cover what is encoded at once.
func (x *Exporter) move(n int) *batch {
	b := &batch{from: x.first(), at: x.queue.oldest(), items: make([]item, 0, n)}
	budget := x.limit.batchCost()
	for len(b.items) < n && (len(b.items) == 0 || b.cost+x.queue.first().cost <= budget) {
		it := x.queue.pop()
		b.items = append(b.items, it)
		b.cost += it.cost
	}
	b.left, b.to = len(b.items), b.from+uint64(len(b.items))
	x.inFlight[b] = struct{}{}
	if x.queue.length > 0 {
		x.changed.Broadcast() // the next sender must check the new oldest span
	}
	return b
}

// delivered settles n spans of b.
func (x *Exporter) delivered(b *batch, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.account.delivered += uint64(x.settle(b, n))
}

// dropBecause settles n spans of b as dropped. The log shows the error and the hint of out.
func (x *Exporter) dropBecause(b *batch, n int, reason Reason, out Outcome) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log.cause(out.Err, out.Hint)
	x.dropOf(b, n, reason)
}

// dropOf settles n spans of b as dropped. Called with mu held.
func (x *Exporter) dropOf(b *batch, n int, reason Reason) {
	if n = x.settle(b, n); n > 0 {
		x.drop(reason, n)
	}
}

// settle removes up to n spans from b and returns how many. They are fewer than n if Shutdown has dropped the batch.
// Called with mu held.
func (x *Exporter) settle(b *batch, n int) int {
	n = min(n, b.left)
	if n <= 0 {
		return 0
	}
	if b.entry != nil { // its cost is 0, and it is not among those in flight
		x.account.spooled -= int64(n)
	}
	part := b.cost * int64(n) / int64(b.left)
	b.left, b.cost, x.queuedBytes = b.left-n, b.cost-part, x.queuedBytes-part
	if b.left == 0 {
		delete(x.inFlight, b)
	}
	x.changed.Broadcast()
	return n
}

// unsettled returns the number of spans below a sequence number that are not settled. Called with mu held.
func (x *Exporter) unsettled(number uint64) int {
	first := x.first()
	n := 0
	if first < number {
		n = int(number - first)
	}
	for b := range x.inFlight {
		if b.from < number {
			n += b.left
		}
	}
	return n
}

// earliest returns the earlier of two times, either of which may be zero for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
