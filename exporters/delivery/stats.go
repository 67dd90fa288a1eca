package delivery

import "time"

// A Reason is the reason for which spans are dropped, a key of Stats.Dropped. Encoders may use reasons of their own.
type Reason string

// The reasons of this package.
const (
	DropQueueFull Reason = "queue_full" // the queue had no room
	DropInvalid   Reason = "invalid"    // the format cannot hold the span
	DropEncode    Reason = "encode"     // the encoder panicked on it
	DropTooLarge  Reason = "too_large"  // larger than the queue, or than what the receiver takes
	DropRejected  Reason = "rejected"   // the receiver answered no
	DropPartial   Reason = "partial"    // refused within a success
	DropExpired   Reason = "expired"    // retried for RetryOptions.MaxElapsed
	DropPanic     Reason = "panic"      // the sender panicked
	DropShutdown  Reason = "shutdown"   // left when Shutdown's context ended, or given after it

	DropSpoolFull    Reason = "spool_full"    // the spool had no room, or its disk
	DropSpoolExpired Reason = "spool_expired" // older than SpoolOptions.MaxAge
	DropSpoolCorrupt Reason = "spool_corrupt" // damaged in the spool
	DropSpoolFormat  Reason = "spool_format"  // in the spool in a format that the encoder does not know
)

// A Repair is a kind of change that makes a span fit a format, a key of Stats.Repaired. Encoders may use kinds of their own.
type Repair string

// The kinds of this package.
const (
	RepairUTF8      Repair = "utf8"      // text was not valid UTF-8
	RepairValue     Repair = "value"     // NaN or an infinity became text
	RepairDuration  Repair = "duration"  // the end was before the start
	RepairStart     Repair = "start"     // the start was before the format's first instant
	RepairTruncated Repair = "truncated" // parts were left out to fit a limit
)

// Stats are the accounts of one destination, all of one instant:
// Ended + Adopted = Delivered + the sum of Dropped + Queued + Spooled.
type Stats struct {
	Ended     uint64            // sampled spans given to the destination, also during and after Shutdown
	Delivered uint64            // accepted by the receiver; for UDP: written, and not refused since
	Queued    uint64            // waiting, in flight, or in backoff, in memory
	Spooled   uint64            // in the spool, also those that are in flight from there
	Adopted   uint64            // found in the spool, from processes that have died
	Retries   uint64            // attempts after the first
	Dropped   map[Reason]uint64 // spans by reason; absent means 0
	Repaired  map[Repair]uint64 // spans by kind of repair, once per kind; not dropped; absent means 0
	Oldest    time.Time         // when the oldest span in memory ended, or earlier; zero without one
	Breaker   BreakerState      // whether payloads are sent
	Next      time.Time         // of an open breaker: when the receiver is tried again
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
