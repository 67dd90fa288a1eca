package delivery

import "maps"

// An account counts what becomes of the spans of a destination, except for those that are queued or in flight.
type account struct {
	ended, delivered, retries uint64
	adopted                   uint64 // spans of the spool from processes that have died
	spooled                   int64  // spans of the spool that are not delivered or dropped
	dropped                   map[Reason]uint64
	repaired                  map[Repair]uint64
}

func newAccount() account {
	return account{dropped: map[Reason]uint64{}, repaired: map[Repair]uint64{}}
}

// stats returns a copy of the counts.
func (a *account) stats() Stats {
	return Stats{
		Ended: a.ended, Delivered: a.delivered, Retries: a.retries, Adopted: a.adopted, Spooled: uint64(max(0, a.spooled)),
		Dropped: maps.Clone(a.dropped), Repaired: maps.Clone(a.repaired),
	}
}
