package delivery

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
)

// A SpoolMode selects which payloads are written to disk.
type SpoolMode uint8

// The modes.
const (
	// SpoolOverflow writes what the queue cannot hold: during an outage, if the queue is half full, and what is left at
	// Shutdown. The death of the process loses what is in the queue.
	SpoolOverflow SpoolMode = iota
	// SpoolAlways writes every payload before it is sent. The death of the process loses what ended in the last 100 ms.
	SpoolAlways
)

// SpoolOptions describe the spool of a destination. Zero means the default of each field, except for Dir.
type SpoolOptions struct {
	Dir      string        // shared by all destinations, and by all processes of one user
	Mode     SpoolMode     // SpoolOverflow by default
	MaxBytes int64         // of the files of one destination; 256 MiB
	MaxAge   time.Duration // a payload that is older is dropped; 24 h
	// Fsync is the interval in which what was written is brought to the disk, 1 s by default. What is older survives the
	// loss of power. FsyncAlways brings each payload to the disk before the next step, FsyncNever leaves it to the
	// operating system. The death of the process alone loses nothing that was written.
	Fsync time.Duration
}

// Values of SpoolOptions.Fsync that are not an interval.
const (
	FsyncAlways time.Duration = -1
	FsyncNever  time.Duration = -2
)

// Intervals of a spool.
const (
	defaultFsync  = time.Second
	adoptInterval = 10 * time.Second
	// spillDelay is the time that a span waits for others before it is written.
	spillDelay = 100 * time.Millisecond
)

// A Spool keeps payloads of one destination on disk until they are delivered, also for a later process. It belongs to the
// exporter that gets it by Options.Spool, which closes it.
type Spool struct {
	files   *spool.Spool
	options SpoolOptions
	tended  chan struct{} // closed when the files are not tended any more

	mu      sync.Mutex
	x       *Exporter        // nil before the exporter is started
	dropped map[Reason]int64 // before that
}

// OpenSpool opens the spool of the destination called id, and creates Dir if it is missing. It refuses a directory that is
// not private to the user, is read-only, is not a directory, or was written by a later version. Damage in its files is not
// an error: it is counted in Stats, and the rest is delivered. Payloads of processes that have died are adopted.
func OpenSpool(id string, o SpoolOptions) (*Spool, error) {
	dir, err := spool.OpenDir(o.Dir)
	if err != nil {
		return nil, err
	}
	return openSpool(dir, id, o)
}

// openSpool opens the spool of a destination in dir, which is Dir of o.
func openSpool(dir spool.Dir, id string, o SpoolOptions) (*Spool, error) {
	if o.Fsync == 0 {
		o.Fsync = defaultFsync
	}
	s := &Spool{options: o, tended: make(chan struct{}), dropped: map[Reason]int64{}}
	sync := spool.SyncInterval
	switch o.Fsync {
	case FsyncAlways:
		sync = spool.SyncAlways
	case FsyncNever:
		sync = spool.SyncNever
	}
	var err error
	s.files, err = spool.Open(dir, newOwner(), spool.Options{
		Destination: id, MaxBytes: o.MaxBytes, MaxAge: o.MaxAge, Sync: sync, Dropped: s.lost, Found: s.found,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close releases the files. It is for a spool that no exporter has.
func (s *Spool) Close() error { return s.files.Close() }

// newOwner returns a name for the directory of this process that no other process has.
func newOwner() string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	return fmt.Sprintf("%d-%s", os.Getpid(), hex.EncodeToString(random))
}

// attach makes x count what the spool drops, from now and before. It returns false if the spool belongs to another exporter.
func (s *Spool) attach(x *Exporter) bool {
	adopted := s.files.Stats().Adopted
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.x != nil {
		return false
	}
	s.x = x
	x.mu.Lock()
	defer x.mu.Unlock()
	x.account.adopted, x.account.spooled = uint64(adopted), adopted
	for reason, n := range s.dropped { // from adopted files, before their spans were counted
		x.account.adopted += uint64(n)
		x.drop(reason, int(n))
	}
	return true
}

// lost counts spans that the spool drops. The spool calls it with its lock.
func (s *Spool) lost(reason string, spans int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.x == nil {
		s.dropped[Reason(reason)] += spans
		return
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.x.account.spooled -= spans
	s.x.drop(Reason(reason), int(spans))
	s.x.changed.Broadcast()
}

// found counts spans of dead processes that were not counted when their files were adopted. The spool calls it with its lock.
func (s *Spool) found(spans int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.x == nil {
		return // nothing is taken before
	}
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.x.account.adopted += uint64(spans)
	s.x.account.spooled += spans
}

// tend brings files to the disk and adopts directories at intervals, until Shutdown.
func (s *Spool) tend(x *Exporter) {
	defer close(s.tended)
	adopt := time.NewTicker(adoptInterval)
	defer adopt.Stop()
	var sync <-chan time.Time
	if s.options.Fsync > 0 {
		ticker := time.NewTicker(s.options.Fsync)
		defer ticker.Stop()
		sync = ticker.C
	}
	for {
		select {
		case <-x.run.Done():
			return
		case <-sync:
			_ = s.files.Sync() // a later one, or Close, tries again
		case <-adopt.C:
			s.adopt(x)
		}
	}
}

// adopt adopts directories of processes that have died since.
func (s *Spool) adopt(x *Exporter) {
	before := s.files.Stats().Adopted
	if s.files.Adopt() != nil {
		return // tried again
	}
	if found := s.files.Stats().Adopted - before; found > 0 {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.account.adopted += uint64(found)
		x.account.spooled += found
		x.appended++
		x.changed.Broadcast()
	}
}
