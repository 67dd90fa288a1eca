package delivery

import "time"

// Reasons for which spans are dropped, the keys of Stats.Dropped.
const (
	DropQueueFull = "queue_full" // the queue had no room
	DropInvalid   = "invalid"    // the format cannot hold the span
	DropEncode    = "encode"     // the encoder panicked on it
	DropTooLarge  = "too_large"  // larger than the queue, or than what the receiver takes
	DropRejected  = "rejected"   // the receiver answered no
	DropPartial   = "partial"    // refused within a success
	DropExpired   = "expired"    // retried for RetryOptions.MaxElapsed
	DropPanic     = "panic"      // the sender panicked
	DropShutdown  = "shutdown"   // left when Shutdown's context ended, or given after it
)

// Kinds of repair, the keys of Stats.Repaired.
const (
	RepairUTF8      = "utf8"      // text was not valid UTF-8
	RepairValue     = "value"     // NaN or an infinity became text
	RepairDuration  = "duration"  // the end was before the start
	RepairStart     = "start"     // the start was before the format's first instant
	RepairTruncated = "truncated" // parts were left out to fit a limit
)

// Stats are the accounts of one destination, all of one instant:
// Ended = Delivered + the sum of Dropped + Queued.
type Stats struct {
	Ended     uint64            // sampled spans given to the destination, also during and after Shutdown
	Delivered uint64            // accepted by the receiver; for UDP: written, and not refused since
	Queued    uint64            // waiting, in flight, or in backoff
	Retries   uint64            // attempts after the first
	Dropped   map[string]uint64 // spans by reason; absent means 0
	Repaired  map[string]uint64 // spans by kind of repair, once per kind; not dropped; absent means 0
	Since     time.Time         // when the present outage began; zero without one
	LastError string            // of the last failure, also of one that is over; at most 200 bytes
	Hint      string            // what to do about LastError; may be empty
}

// DroppedTotal is the sum of Dropped.
func (s Stats) DroppedTotal() uint64 {
	var n uint64
	for _, v := range s.Dropped {
		n += v
	}
	return n
}
