package spool_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/spanroute/spanroute/internal/spool"
	"github.com/spanroute/spanroute/internal/spool/spooltest"
)

// A model runs random operations on a spool, kills its process and its machine at random moments, and checks what comes
// out against what was accepted.
type model struct {
	t         *testing.T
	rand      *rand.Rand
	disk      *spooltest.Disk
	spool     *spool.Spool
	owner     int
	sync      spool.SyncMode
	next      int
	accepted  map[int]bool // Append returned nil, and no sync and no end of the process since can be sure of more
	durable   map[int]bool // accepted, and on disk
	delivered map[int]int
	dropped   int64
	taken     []*spool.Entry
	crashed   bool
}

func TestNothingAcceptedIsLost(t *testing.T) {
	seeds := 500
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		m := &model{
			t: t, rand: rand.New(rand.NewPCG(uint64(seed), 2)), disk: spooltest.NewDisk(uint64(seed)),
			accepted: map[int]bool{}, durable: map[int]bool{}, delivered: map[int]int{}, sync: spool.SyncMode(seed % 2),
		}
		m.run(fmt.Sprintf("seed %d", seed))
		if t.Failed() {
			return
		}
	}
}

func (m *model) start() {
	m.owner++
	s, err := spool.Open(m.disk.Process().Root(), fmt.Sprintf("p%d", m.owner), spool.Options{
		Destination: "otlp", SegmentBytes: 1 << 10, MaxBytes: 1 << 30, Sync: m.sync,
		Dropped: func(_ string, spans int64) { m.dropped += spans },
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.spool = s
}

func (m *model) run(name string) {
	m.start()
	for range 200 {
		m.step()
	}
	m.spool.Kill()
	m.taken = nil
	m.start()
	for e := m.spool.Take(); e != nil; e = m.spool.Take() {
		m.delivered[number(e)]++
		_ = e.Done()
	}
	_ = m.spool.Close()
	for n := range m.durable {
		if m.delivered[n] == 0 {
			m.t.Errorf("%s: record %d was on disk and never came out", name, n)
		}
	}
	if m.crashed {
		return
	}
	for n := range m.accepted {
		if m.delivered[n] == 0 {
			m.t.Errorf("%s: record %d was accepted and never came out", name, n)
		}
	}
	if m.dropped != 0 {
		m.t.Errorf("%s: %d spans dropped of a spool with room and without damage", name, m.dropped)
	}
}

func (m *model) step() {
	switch n := m.rand.IntN(100); {
	case n < 45:
		if m.spool.Append(spool.Record{Payload: payload(m.next, 20+m.rand.IntN(200)), Spans: 1}) == nil {
			m.accepted[m.next] = true
			if m.sync == spool.SyncAlways {
				m.durable[m.next] = true
			}
		}
		m.next++
	case n < 65:
		if e := m.spool.Take(); e != nil {
			m.taken = append(m.taken, e)
		}
	case n < 80 && len(m.taken) > 0:
		i := m.rand.IntN(len(m.taken))
		e := m.taken[i]
		m.taken = append(m.taken[:i], m.taken[i+1:]...)
		if m.rand.IntN(4) == 0 {
			e.Return()
			return
		}
		m.delivered[number(e)]++
		_ = e.Done()
	case n < 88:
		if m.spool.Sync() == nil {
			for n := range m.accepted {
				m.durable[n] = true
			}
		}
	case n < 92:
		m.disk.FailNext(spooltest.ErrIO, m.rand.IntN(4)) // of a write or sync
	case n < 94:
		m.taken = nil
		m.spool.Kill()
		m.disk.FailNext(nil, 0)
		m.start()
	case n < 95:
		m.taken = nil
		if m.spool.Close() == nil {
			for n := range m.accepted {
				m.durable[n] = true
			}
		}
		m.disk.FailNext(nil, 0)
		m.start()
	case n < 96:
		m.taken = nil
		m.spool.Kill()
		m.disk.Crash()
		m.disk.FailNext(nil, 0)
		m.crashed = true
		m.accepted = maps.Clone(m.durable) // the others may be gone
		m.start()
	}
}

// TestDuplicatesAreThoseInFlight kills the process again and again while two records are taken: only those may come
// twice.
func TestDuplicatesAreThoseInFlight(t *testing.T) {
	d := spooltest.NewDisk(3)
	seen := map[int]int{}
	next, kills := 0, 0
	for round := range 50 {
		s, err := spool.Open(d.Process().Root(), fmt.Sprintf("p%d", round), spool.Options{Destination: "otlp", SegmentBytes: 2 << 10})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			add(t, s, next, next+1, 100)
			next++
		}
		for range 15 {
			e := s.Take()
			seen[number(e)]++
			_ = e.Done()
		}
		for range 2 {
			seen[number(s.Take())]++ // sent, and the process dies before the answer
		}
		kills++
		s.Kill()
	}
	duplicates := 0
	for _, n := range seen {
		duplicates += n - 1
	}
	if duplicates > 2*kills {
		t.Errorf("%d duplicates after %d kills with two records in flight", duplicates, kills)
	}
}
