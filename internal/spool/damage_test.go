package spool_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
	"github.com/spanroute/spanroute/internal/spool/spooltest"
)

// spoolOf returns the disk of a dead process with a segment of n records, complete or not.
func spoolOf(t testing.TB, n int, complete bool) *spooltest.Disk {
	t.Helper()
	d := spooltest.NewDisk(1)
	s, err := spool.Open(d.Process().Root(), "p1", spool.Options{Destination: "otlp"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := s.Append(spool.Record{Payload: payload(i, 40), Spans: 1, Format: 7}); err != nil {
			t.Fatal(err)
		}
	}
	if complete {
		_ = s.Close()
	} else {
		s.Kill()
	}
	return d
}

const firstSegment = "otlp/p1/00000001.seg"

// TestDamageCostsOnlyWhatItHits flips every byte of a segment and cuts it at every length. A start must succeed, every
// undamaged record must come out, and the others must be counted.
func TestDamageCostsOnlyWhatItHits(t *testing.T) {
	const records = 5
	for _, complete := range []bool{true, false} {
		whole := spoolOf(t, records, complete).Read(firstSegment)
		for at := range len(whole) {
			flipped := slices.Clone(whole)
			flipped[at] ^= 0x41
			got, lost := afterDamage(t, flipped)
			if len(got) < records-1 || len(got)+int(lost) < records {
				t.Fatalf("complete %v, byte %d flipped: got %v and %d spans counted as lost, want at most one record lost, and said", complete, at, got, lost)
			}
		}
		for length := range len(whole) {
			got, lost := afterDamage(t, slices.Clone(whole[:length]))
			want := max(0, length-64) / 76 // 36 bytes of header and 40 of payload
			if len(got) != want {
				t.Fatalf("complete %v, cut to %d bytes: got %v, want the first %d records", complete, length, got, want)
			}
			if complete && length > 16+36 && len(got)+int(lost) < records && length >= 64 && lost == 0 {
				t.Fatalf("complete, cut to %d bytes: nothing counted as lost", length)
			}
		}
	}
}

// afterDamage opens a spool whose only segment has the given bytes.
func afterDamage(t testing.TB, data []byte) (numbers []int, lost int64) {
	t.Helper()
	d := spooltest.NewDisk(1)
	d.Write("VERSION", []byte("spanroute spool 1\n"))
	d.Write(firstSegment, data)
	s, err := spool.Open(d.Process().Root(), "p2", spool.Options{Destination: "otlp", Dropped: func(reason string, spans int64) {
		if reason == spool.DropCorrupt {
			lost += spans
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for e := s.Take(); e != nil; e = s.Take() {
		if len(e.Payload) >= 8 {
			numbers = append(numbers, number(e))
		}
		_ = e.Done()
	}
	if st := s.Stats(); st.Waiting != 0 || st.Taken != 0 {
		t.Fatalf("an empty spool has %+v", st)
	}
	_ = s.Close()
	return numbers, lost
}

func TestDamagedSegmentsAreSetAside(t *testing.T) {
	root, path := osRoot(t)
	s := open(t, root, "p1", spool.Options{Destination: "otlp"})
	add(t, s, 0, 5, 40)
	s.Kill()
	name := filepath.Join(path, "otlp", "p1", "00000001.seg")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[64+76+40] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var l ledger
	now := time.Now()
	again := open(t, root, "p2", l.options(spool.Options{Destination: "otlp", Now: func() time.Time { return now }}))
	_ = again.Close()
	o := l.options(spool.Options{Now: func() time.Time { return now }})
	o.Destination = "otlp"
	again = open(t, root, "p3", o)
	if got := drain(t, again); !slices.Equal(got, []int{0, 2, 3, 4}) || l.dropped[spool.DropCorrupt] != 1 {
		t.Errorf("took %v with drops %v, want all but record 1, and one drop", got, l.dropped)
	}
	bad := filepath.Join(path, "otlp", "p1", "00000001.bad")
	if _, err := os.Stat(bad); err != nil {
		t.Errorf("the damaged segment is not kept: %v", err)
	}
	now = now.Add(48 * time.Hour)
	if err := again.Adopt(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(bad)); !os.IsNotExist(err) {
		t.Errorf("the damaged segment is kept for longer than records are: %v", err)
	}
}

// FuzzSegment opens segments of any content. Reading must end, and yield only records whose checksum holds.
func FuzzSegment(f *testing.F) {
	f.Add(spoolOf(f, 3, true).Read(firstSegment))
	f.Add(spoolOf(f, 3, false).Read(firstSegment))
	f.Add([]byte("SPANSEG\x02"))
	f.Add([]byte("SPRCSPRCSPRC"))
	f.Fuzz(func(t *testing.T, data []byte) {
		afterDamage(t, data)
	})
}
