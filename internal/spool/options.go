package spool

import (
	"errors"
	"time"
)

// Options of a spool. Zero means the default of each field.
type Options struct {
	Destination  string        // names the directory of the destination: letters, digits, and "-_.+/"
	MaxBytes     int64         // of all segments of the destination that this process owns; 256 MiB
	MaxAge       time.Duration // a record older than this is dropped; 24 h
	SegmentBytes int64         // a segment is complete when the next record would make it larger; 4 MiB
	Sync         SyncMode      // when appended records reach the disk

	Now func() time.Time // time.Now if nil
	// Dropped is called for each drop with the number of spans. It must not call the Spool. It may be nil.
	Dropped func(reason string, spans int64)
	// Found is called with the number of spans that come out of adopted directories, or are dropped, in addition to
	// Stats.Adopted: behind damage, an estimate is all that is known at first. So the spans that were appended, adopted and
	// found are always those that are waiting, taken and dropped. Found must not call the Spool. It may be nil.
	Found func(spans int64)
}

// Defaults of Options.
const (
	DefaultMaxBytes     = 256 << 20
	DefaultMaxAge       = 24 * time.Hour
	DefaultSegmentBytes = 4 << 20
)

// SyncMode selects what a crash of the machine can cost. A crash of the process costs nothing in any mode.
type SyncMode int

// The sync modes.
const (
	SyncInterval SyncMode = iota // the owner calls Spool.Sync at an interval: what was appended since may be lost
	SyncAlways                   // Append returns when the record is on disk
	SyncNever                    // the operating system decides
)

// Reasons of drops.
const (
	DropFull    = "spool_full"    // MaxBytes, or a full disk
	DropExpired = "spool_expired" // MaxAge
	DropCorrupt = "spool_corrupt" // a damaged record
)

var (
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("the spool is closed")
	// ErrTooLarge is returned for a payload that the spool can never hold.
	ErrTooLarge = errors.New("the payload is larger than the spool")
	// errBusy is returned if all that could make room is being delivered.
	errBusy = errors.New("the spool is full, and its oldest payloads are being delivered")
	// ErrLocked is returned by a Dir for a lock that another process holds.
	ErrLocked = errors.New("another process holds the lock")
)

func (o Options) orDefault() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	o.SegmentBytes = min(o.SegmentBytes, max(o.MaxBytes/4, 4<<10))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dropped == nil {
		o.Dropped = func(string, int64) {}
	}
	if o.Found == nil {
		o.Found = func(int64) {}
	}
	return o
}
