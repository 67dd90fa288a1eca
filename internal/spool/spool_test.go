package spool_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
	"github.com/spanroute/spanroute/internal/spool/spooltest"
)

// A ledger counts what a test appended, delivered and lost.
type ledger struct {
	appended, delivered int64
	dropped             map[string]int64
}

func (l *ledger) options(o spool.Options) spool.Options {
	if l.dropped == nil {
		l.dropped = map[string]int64{}
	}
	o.Destination = "otlp/backup"
	o.Dropped = func(reason string, spans int64) { l.dropped[reason] += spans }
	return o
}

// balance checks that every appended span is delivered, dropped or waiting.
func (l *ledger) balance(t *testing.T, s *spool.Spool) {
	t.Helper()
	sum := l.delivered + s.Stats().Waiting
	for _, n := range l.dropped {
		sum += n
	}
	if sum != l.appended {
		t.Errorf("%d spans appended; delivered %d, dropped %v, waiting %d", l.appended, l.delivered, l.dropped, s.Stats().Waiting)
	}
}

func open(t *testing.T, root spool.Dir, owner string, o spool.Options) *spool.Spool {
	t.Helper()
	s, err := spool.Open(root, owner, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func osRoot(t *testing.T) (root spool.Dir, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "spool")
	root, err := spool.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root, path
}

// payload returns size bytes that hold i.
func payload(i, size int) []byte {
	b := make([]byte, max(size, 8))
	binary.LittleEndian.PutUint64(b, uint64(i))
	return b
}

func number(e *spool.Entry) int { return int(binary.LittleEndian.Uint64(e.Payload)) }

func add(t *testing.T, s *spool.Spool, from, to, size int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Append(spool.Record{Payload: payload(i, size), Spans: 1, Format: 7}); err != nil {
			t.Fatal(err)
		}
	}
}

// drain takes and acknowledges all records, and returns their numbers.
func drain(t *testing.T, s *spool.Spool) (numbers []int) {
	t.Helper()
	for e := s.Take(); e != nil; e = s.Take() {
		numbers = append(numbers, number(e))
		if err := e.Done(); err != nil {
			t.Fatal(err)
		}
	}
	return numbers
}

func sequence(from, to int) (numbers []int) {
	for i := from; i < to; i++ {
		numbers = append(numbers, i)
	}
	return numbers
}

func TestRecordsComeOutInOrder(t *testing.T) {
	root, path := osRoot(t)
	s := open(t, root, "p1", spool.Options{Destination: "otlp", SegmentBytes: 4 << 10})
	add(t, s, 0, 100, 500)
	if got := drain(t, s); !slices.Equal(got, sequence(0, 100)) {
		t.Errorf("took %v, want 0 to 99 in order", got)
	}
	if files, _ := filepath.Glob(filepath.Join(path, "otlp", "p1", "*.seg")); len(files) != 1 {
		t.Errorf("%d segments are left, want the one that grows", len(files))
	}
	add(t, s, 100, 101, 500)
	if got := drain(t, s); !slices.Equal(got, []int{100}) {
		t.Errorf("took %v after the spool was empty, want 100", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(filepath.Join(path, "otlp")); len(entries) != 0 {
		t.Errorf("an empty spool leaves %v", entries)
	}
}

func TestReturnedRecordsAreTakenAgain(t *testing.T) {
	root, _ := osRoot(t)
	s := open(t, root, "p1", spool.Options{Destination: "otlp", SegmentBytes: 4 << 10})
	add(t, s, 0, 30, 500)
	first, second, third := s.Take(), s.Take(), s.Take()
	if err := second.Done(); err != nil {
		t.Fatal(err)
	}
	first.Return()
	if st := s.Stats(); st.Taken != 1 || st.Waiting != 28 {
		t.Errorf("stats %+v, want 1 taken and 28 waiting", st)
	}
	if again := s.Take(); number(again) != 0 {
		t.Errorf("took %d, want the returned record 0", number(again))
	} else if err := again.Done(); err != nil {
		t.Fatal(err)
	}
	third.Return()
	if got := drain(t, s); !slices.Equal(got, sequence(2, 30)) {
		t.Errorf("took %v, want 2 to 29", got)
	}
}

func TestRecordsOutliveTheProcess(t *testing.T) {
	for name, end := range map[string]func(*spool.Spool){
		"closed": func(s *spool.Spool) { _ = s.Close() },
		"killed": (*spool.Spool).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			root, _ := osRoot(t)
			first := open(t, root, "p1", spool.Options{Destination: "otlp", SegmentBytes: 4 << 10})
			add(t, first, 0, 50, 500)
			delivered := []int{}
			for range 10 {
				e := first.Take()
				if number(e)%2 == 0 {
					_ = e.Done()
					delivered = append(delivered, number(e))
				}
			}
			end(first)

			second := open(t, root, "p2", spool.Options{Destination: "otlp", SegmentBytes: 4 << 10})
			if st := second.Stats(); st.Waiting != 45 || st.Adopted != 45 {
				t.Errorf("stats %+v, want 45 spans waiting, all of them adopted", st)
			}
			add(t, second, 50, 60, 500)
			got := drain(t, second)
			for _, n := range delivered {
				if slices.Contains(got, n) {
					t.Errorf("record %d was acknowledged and comes again", n)
				}
			}
			if len(got) != 55 || !slices.IsSorted(got) {
				t.Errorf("took %v, want the 45 old records and 10 new ones in order", got)
			}
		})
	}
}

func TestProcessesShareADirectory(t *testing.T) {
	root, _ := osRoot(t)
	first := open(t, root, "p1", spool.Options{Destination: "otlp"})
	second := open(t, root, "p2", spool.Options{Destination: "otlp"})
	add(t, first, 0, 5, 10)
	add(t, second, 5, 10, 10)
	if err := second.Adopt(); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, second); !slices.Equal(got, sequence(5, 10)) {
		t.Errorf("the second process took %v, want its own 5 to 9", got)
	}
	if _, err := spool.Open(root, "p1", spool.Options{Destination: "otlp"}); !errors.Is(err, spool.ErrLocked) {
		t.Errorf("a directory in use was opened: %v", err)
	}
	first.Kill()
	if err := second.Adopt(); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, second); !slices.Equal(got, sequence(0, 5)) {
		t.Errorf("after the death of the first process the second took %v, want 0 to 4", got)
	}
}

func TestTheOldestGoFirst(t *testing.T) {
	root, _ := osRoot(t)
	var l ledger
	s := open(t, root, "p1", l.options(spool.Options{MaxBytes: 64 << 10, SegmentBytes: 8 << 10}))
	held := []*spool.Entry{}
	for i := range 500 {
		add(t, s, i, i+1, 1000)
		l.appended++
		if i == 10 {
			held = append(held, s.Take(), s.Take())
		}
	}
	if st := s.Stats(); st.Bytes > 64<<10 {
		t.Errorf("the spool has %d bytes, want at most %d", st.Bytes, 64<<10)
	}
	held[0].Return()
	if err := held[1].Done(); err != nil {
		t.Error(err)
	}
	l.delivered++
	l.balance(t, s)
	got := drain(t, s)
	l.delivered += int64(len(got))
	if len(got) < 40 || got[0] != 0 || got[len(got)-1] != 499 || !slices.IsSorted(got) {
		t.Errorf("what is left is %v, want the record that was held, and the newest in order", got)
	}
	l.balance(t, s)
	if err := s.Append(spool.Record{Payload: make([]byte, 64<<10)}); !errors.Is(err, spool.ErrTooLarge) {
		t.Errorf("a payload of the size of the spool: %v, want ErrTooLarge", err)
	}
}

func TestOldRecordsExpire(t *testing.T) {
	root, _ := osRoot(t)
	now := time.Unix(1e9, 0)
	var l ledger
	s := open(t, root, "p1", l.options(spool.Options{MaxAge: time.Hour, SegmentBytes: 4 << 10, Now: func() time.Time { return now }}))
	add(t, s, 0, 20, 500)
	now = now.Add(59 * time.Minute)
	add(t, s, 20, 25, 500)
	now = now.Add(2 * time.Minute)
	l.appended = 25
	if got := drain(t, s); !slices.Equal(got, sequence(20, 25)) {
		t.Errorf("took %v, want only the records of the last hour", got)
	}
	l.delivered = 5
	l.balance(t, s)

	add(t, s, 25, 60, 500)
	now = now.Add(2 * time.Hour)
	add(t, s, 60, 61, 500)
	l.appended += 36
	if st := s.Stats(); st.Bytes > 5<<10 {
		t.Errorf("%d bytes are left of expired segments", st.Bytes)
	}
	l.delivered += int64(len(drain(t, s)))
	l.balance(t, s)
}

func TestAFullDiskStillEmpties(t *testing.T) {
	d := spooltest.NewDisk(1)
	var l ledger
	s := open(t, d.Process().Root(), "p1", l.options(spool.Options{SegmentBytes: 4 << 10}))
	add(t, s, 0, 50, 500)
	d.SetRoom(0)
	e := s.Take()
	if err := e.Done(); err != nil {
		t.Errorf("acknowledging on a full disk: %v", err)
	}
	for i := 50; i < 100; i++ {
		add(t, s, i, i+1, 500) // makes room
	}
	l.appended, l.delivered = 100, 1
	l.balance(t, s)
	if got := drain(t, s); got[len(got)-1] != 99 {
		t.Errorf("took %v, want the newest records to be kept", got)
	}
	d.SetRoom(0)
	if err := s.Append(spool.Record{Payload: make([]byte, 1<<20), Spans: 1}); err == nil {
		t.Error("a full disk without anything to drop took a payload")
	}
}

func TestUnusableDirectories(t *testing.T) {
	base := t.TempDir()
	file, link, open777 := filepath.Join(base, "file"), filepath.Join(base, "link"), filepath.Join(base, "open")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(open777, 0o700), os.Chmod(open777, 0o777), os.Symlink(base, link)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file:    "not a directory",
		link:    "is a symbolic link; name the directory itself",
		open777: "has mode 0777, so that other users may use it; set it to 0700",
	} {
		if _, err := spool.OpenDir(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenDir(%s) = %v, want %q", filepath.Base(path), err, want)
		}
	}

	newer := filepath.Join(base, "newer")
	if err := errors.Join(os.Mkdir(newer, 0o700), os.WriteFile(filepath.Join(newer, "VERSION"), []byte("spanroute spool 2\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	root, err := spool.OpenDir(newer)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if _, err := spool.Open(root, "p1", spool.Options{Destination: "otlp"}); err == nil || !strings.Contains(err.Error(), `"spanroute spool 2\n", want "spanroute spool 1\n"`) {
		t.Errorf("a spool of a newer version: %v", err)
	}
}

// TestALinkInsideIsNotFollowed puts symbolic links where files and directories of the spool are expected.
func TestALinkInsideIsNotFollowed(t *testing.T) {
	root, path := osRoot(t)
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(path, "otlp")); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(root, "p1", spool.Options{Destination: "otlp"}); err == nil {
		t.Error("the directory of the destination is a link and was used")
	}
	s := open(t, root, "p1", spool.Options{Destination: "zipkin"})
	add(t, s, 0, 1, 10)
	s.Kill()
	secret := filepath.Join(elsewhere, "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("keep"), 0o600), os.Symlink(secret, filepath.Join(path, "zipkin", "p1", "00000002.seg"))); err != nil {
		t.Fatal(err)
	}
	again := open(t, root, "p2", spool.Options{Destination: "zipkin"})
	if got := drain(t, again); !slices.Equal(got, []int{0}) {
		t.Errorf("took %v, want 0", got)
	}
	if data, _ := os.ReadFile(secret); string(data) != "keep" {
		t.Errorf("a file outside was changed to %q", data)
	}
}

// TestStartReadsOnlyHeaders opens a backlog of 10 GiB of complete segments.
func TestStartReadsOnlyHeaders(t *testing.T) {
	d := spooltest.NewDisk(1)
	s := open(t, d.Process().Root(), "p1", spool.Options{Destination: "otlp", MaxBytes: 1 << 40, SegmentBytes: 8 << 10})
	add(t, s, 0, 20_000, 1000)
	s.Kill()
	before := d.Reads()
	again := open(t, d.Process().Root(), "p2", spool.Options{Destination: "otlp", MaxBytes: 1 << 40})
	segments := 20_000 / 7
	if reads := d.Reads() - before; reads > segments+20 {
		t.Errorf("a start made %d reads for %d segments, want one each", reads, segments)
	}
	if st := again.Stats(); st.Waiting != 20_000 {
		t.Errorf("%d spans waiting, want 20000", st.Waiting)
	}
	if got := len(drain(t, again)); got != 20_000 {
		t.Errorf("%d records came out", got)
	}
}

func ExampleSpool() {
	dir, _ := os.MkdirTemp("", "spool")
	defer func() { _ = os.RemoveAll(dir) }()
	root, err := spool.OpenDir(filepath.Join(dir, "spans"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = root.Close() }()
	s, err := spool.Open(root, "process-1", spool.Options{Destination: "otlp"})
	if err != nil {
		panic(err)
	}
	_ = s.Append(spool.Record{Payload: []byte("spans"), Spans: 3})
	e := s.Take()
	fmt.Printf("%s, %d spans\n", e.Payload, e.Spans)
	_ = e.Done()
	_ = s.Close()
	// Output: spans, 3 spans
}
