// Package spool keeps encoded payloads of one destination on disk until they are delivered.
//
// # How it works
//
// A spool is a directory that the operator names. It has one directory for each destination, and below it one for
// each process that ever spooled for the destination and has payloads left:
//
//	spool/VERSION
//	spool/otlp/5f0c…/lock            held by the process as long as it runs
//	spool/otlp/5f0c…/00000001.seg    the oldest segment
//	spool/otlp/5f0c…/00000002.seg    the segment that grows
//
// [Spool.Append] writes a record to the end of the newest segment. [Spool.Take] returns the oldest record that has not been
// taken yet. [Entry.Done] marks the record in place as acknowledged; [Entry.Return] makes it the next one to be taken.
// A segment is removed when all its records are acknowledged. A process that dies releases its lock, and the next
// process that opens the spool adopts the directory: it reads and acknowledges the records there, but appends only to
// its own. Processes never share a directory, so two of them can share a spool.
//
// A record has a header with its length and a CRC-32C of header and payload. A reader that finds a damaged record
// searches for the next one. The header of a segment is on disk before the first record, and gets the totals when the
// segment is complete; only a segment without valid totals and one of which records were taken is scanned at the start,
// so that a start with a large backlog reads 64 bytes of each segment. Memory is bounded by what is taken.
//
// # What a crash can cost
//
// If the process dies (a panic, os.Exit, kill -9, the out-of-memory killer), nothing that Append has accepted is lost,
// with any [Options.Sync], because the operating system has it. If the machine dies (power, kernel), what was
// appended since the last sync may be lost: nothing with [SyncAlways], up to the interval with [SyncInterval]. In both
// cases a record that was sent and not yet acknowledged is delivered twice. Lost marks of acknowledged records have the
// same effect.
//
// # Why not a library
//
// Considered were, by crash safety, memory and upkeep:
//
//   - go.etcd.io/bbolt 1.5: safe only with an fsync for each commit; its file never shrinks, so that a spool that was
//     full once keeps the disk; a damaged page makes the whole file unusable.
//   - github.com/tidwall/wal 1.2: records have no checksum, so that a flipped bit is delivered; a torn record anywhere
//     makes Open fail, which must never stop a service.
//   - github.com/hashicorp/raft-wal 0.4: checksums and clean recovery, but each append is an fsync, acknowledging is
//     truncation from the front only, and it brings raft, two versions of bolt and their metrics.
//   - the wlog package of Prometheus: checksums by page, but repair drops everything behind the first damage, and the
//     package comes with the module of the whole server.
//
// What is needed is less than any of them offers: append, read once in order, acknowledge in any order, skip damage.
package spool
