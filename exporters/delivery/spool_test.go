package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// storing is an encoder whose packets can be stored, as their names.
type storing struct {
	atEnd
	format uint32
}

func (e storing) StoredFormat() uint32 { return e.format }

func (storing) Store(buf []byte, p packet) []byte {
	return append(buf, fmt.Sprintf("%d %s", p.size, strings.Join(p.names, " "))...)
}

func (storing) Load(data []byte) (p packet, err error) {
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return p, errors.New("not a packet")
	}
	p.names = fields[1:]
	p.size, err = strconv.Atoi(fields[0])
	return p, err
}

// spooling returns a destination with a spool in dir.
func spooling(t *testing.T, dir string, o delivery.SpoolOptions, s *sender, change func(*delivery.Options)) *delivery.Exporter {
	t.Helper()
	o.Dir = dir
	spool, err := delivery.OpenSpool("x/y", o)
	if err != nil {
		t.Fatal(err)
	}
	options := delivery.Options{ID: "x/y", Logger: quiet, BatchDelay: time.Second, BatchSize: 10, Spool: spool, Timeout: time.Second}
	if change != nil {
		change(&options)
	}
	x := delivery.New(storing{atEnd: atEnd{encoder: encoder{each: 10}}}, s, options)
	if !x.Spools() {
		t.Fatal("the spool is not used")
	}
	return x
}

// balance checks that the account balances.
func balance(t *testing.T, s delivery.Stats) {
	t.Helper()
	if in, out := s.Ended+s.Adopted, s.Delivered+s.DroppedTotal()+s.Queued+s.Spooled; in != out {
		t.Errorf("%d ended and adopted, %d accounted for: %+v", in, out, s)
	}
}

// A receiver is down until the time up.
func downUntil(up *atomic.Bool) *sender {
	return &sender{answer: func(context.Context, int, packet) delivery.Outcome {
		if up.Load() {
			return delivery.Outcome{}
		}
		return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("refused")}
	}}
}

// number returns the number of the span called s<number>.
func number(name string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(name, "s"))
	return n
}

// An outage that lasts longer than the queue and the retries do costs nothing, and the spans arrive in their order.
func TestSpoolOutlastsAnOutage(t *testing.T) {
	for _, mode := range []delivery.SpoolMode{delivery.SpoolOverflow, delivery.SpoolAlways} {
		synctest.Test(t, func(t *testing.T) {
			var up atomic.Bool
			s := downUntil(&up)
			x := spooling(t, private(t), delivery.SpoolOptions{Mode: mode}, s, func(o *delivery.Options) {
				o.QueueBytes, o.Retry.MaxElapsed, o.Senders = 20_000, time.Minute, 1
			})
			const n = 6000
			for i := range n {
				x.Take(span(fmt.Sprintf("s%d", i)))
				time.Sleep(20 * time.Millisecond) // two minutes in all
				if i%100 == 0 {
					balance(t, x.Stats())
				}
			}
			if st := x.Stats(); st.DroppedTotal() > 0 || st.Spooled < n/2 || st.Delivered > 0 {
				t.Errorf("mode %d, after an outage: %+v", mode, st)
			}
			up.Store(true)
			if err := x.ForceFlush(t.Context()); err != nil {
				t.Errorf("mode %d: %v", mode, err)
			}
			finish(t, x)
			st := x.Stats()
			balance(t, st)
			if st.Delivered != n || st.DroppedTotal()+st.Queued+st.Spooled+st.Adopted > 0 || len(s.arrived) != n {
				t.Errorf("mode %d: %d arrived, %+v", mode, len(s.arrived), st)
			}
			// What was in memory at the end of the outage is sent beside the spool: the last spans come early.
			for i, name := range s.arrived {
				if d := number(name) - i; d < -50 || d > 50 && number(name) < n-50 {
					t.Fatalf("mode %d: %s is number %d", mode, name, i)
				}
			}
		})
	}
}

// What is left at Shutdown is delivered by the next process, once.
func TestSpoolOutlastsTheProcess(t *testing.T) {
	for _, mode := range []delivery.SpoolMode{delivery.SpoolOverflow, delivery.SpoolAlways} {
		synctest.Test(t, func(t *testing.T) {
			dir := private(t)
			var up atomic.Bool
			first := downUntil(&up)
			x := spooling(t, dir, delivery.SpoolOptions{Mode: mode}, first, nil)
			for _, s := range spans(995) {
				x.Take(s)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if err := x.Shutdown(ctx); err != nil {
				t.Errorf("mode %d: Shutdown: %v", mode, err)
			}
			st := x.Stats()
			balance(t, st)
			if st.Spooled != 995 || len(first.arrived) != 0 {
				t.Fatalf("mode %d, first process: %+v", mode, st)
			}
			second := &sender{}
			x = spooling(t, dir, delivery.SpoolOptions{Mode: mode}, second, nil)
			if st := x.Stats(); st.Adopted != 995 {
				t.Errorf("mode %d, at the start of the second process: %+v", mode, st)
			}
			x.Take(span("s995"))
			if err := x.ForceFlush(t.Context()); err != nil {
				t.Error(err)
			}
			finish(t, x)
			st = x.Stats()
			balance(t, st)
			slices.SortFunc(second.arrived, func(a, b string) int { return number(a) - number(b) })
			if len(second.arrived) != 996 || len(slices.Compact(second.arrived)) != 996 || st.Delivered != 996 || st.Spooled != 0 {
				t.Errorf("mode %d, second process: %d arrived, %+v", mode, len(second.arrived), st)
			}
			third := spooling(t, dir, delivery.SpoolOptions{Mode: mode}, &sender{}, nil)
			if st := third.Stats(); st.Adopted != 0 {
				t.Errorf("mode %d, third process: %+v", mode, st)
			}
			finish(t, third)
		})
	}
}

// In SpoolAlways a payload is on disk before it is sent.
func TestSpoolAlwaysWritesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := private(t)
		var missing int
		s := &sender{answer: func(_ context.Context, _ int, p packet) delivery.Outcome {
			if !bytes.Contains(contents(t, dir), []byte(strings.Join(p.names, " "))) {
				missing++
			}
			return delivery.Outcome{}
		}}
		x := spooling(t, dir, delivery.SpoolOptions{Mode: delivery.SpoolAlways, Fsync: delivery.FsyncAlways}, s, nil)
		for _, one := range spans(200) {
			x.Take(one)
			time.Sleep(7 * time.Millisecond)
		}
		finish(t, x)
		if st := x.Stats(); missing > 0 || st.Delivered != 200 {
			t.Errorf("%d payloads were sent before they were written, %+v", missing, st)
		}
	})
}

// contents returns the bytes of all files below dir.
func contents(t *testing.T, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// What is damaged, too old, too much or of another format is dropped and counted, and the rest arrives.
func TestSpooledPayloadsThatAreLost(t *testing.T) {
	damage := func(t *testing.T, dir string) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".seg") {
				data, _ := os.ReadFile(path)
				at := bytes.Index(data, []byte("s25 "))
				data[at] ^= 1
				return os.WriteFile(path, data, 0o600)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		between func(*testing.T, string)
		second  delivery.SpoolOptions
		format  uint32
		dropped map[delivery.Reason]uint64
	}{
		"damaged":           {damage, delivery.SpoolOptions{}, 0, map[delivery.Reason]uint64{delivery.DropSpoolCorrupt: 10}},
		"too old":           {func(*testing.T, string) { time.Sleep(2 * time.Hour) }, delivery.SpoolOptions{MaxAge: time.Hour}, 0, map[delivery.Reason]uint64{delivery.DropSpoolExpired: 100}},
		"of another format": {func(*testing.T, string) {}, delivery.SpoolOptions{}, 7, map[delivery.Reason]uint64{delivery.DropSpoolFormat: 100}},
	} {
		synctest.Test(t, func(t *testing.T) {
			dir := private(t)
			x := spooling(t, dir, delivery.SpoolOptions{}, downUntil(new(atomic.Bool)), nil)
			for _, s := range spans(100) {
				x.Take(s)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_ = x.Shutdown(ctx)
			tt.between(t, dir)
			tt.second.Dir = dir
			spool, err := delivery.OpenSpool("x/y", tt.second)
			if err != nil {
				t.Fatal(err)
			}
			s := &sender{}
			x = delivery.New(storing{atEnd: atEnd{encoder: encoder{each: 10}}, format: tt.format}, s, delivery.Options{Logger: quiet, Spool: spool})
			if err := x.ForceFlush(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			finish(t, x)
			st := x.Stats()
			balance(t, st)
			if diff := cmp.Diff(tt.dropped, st.Dropped); diff != "" || len(s.arrived) != 100-int(st.DroppedTotal()) {
				t.Errorf("%s: %d arrived, dropped (-want +got)\n%s", name, len(s.arrived), diff)
			}
		})
	}
}

func TestSpoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		s := downUntil(&up)
		x := spooling(t, private(t), delivery.SpoolOptions{MaxBytes: 40_000}, s, func(o *delivery.Options) { o.QueueBytes = 10_000 })
		for i := range 20_000 {
			x.Take(span(fmt.Sprintf("s%d", i)))
			time.Sleep(time.Millisecond)
		}
		st := x.Stats()
		balance(t, st)
		if st.Dropped[delivery.DropSpoolFull] == 0 || st.Dropped[delivery.DropQueueFull] > 0 || st.Spooled == 0 {
			t.Errorf("%+v", st)
		}
		up.Store(true)
		finish(t, x)
		st = x.Stats()
		balance(t, st)
		if st.Delivered+st.Dropped[delivery.DropSpoolFull] != 20_000 || !slices.Contains(s.arrived, "s19999") {
			t.Errorf("%d arrived, %+v", len(s.arrived), st)
		}
	})
}

// A payload that the spool can never hold is sent from memory.
func TestSpoolThatCannotBeWritten(t *testing.T) {
	for _, mode := range []delivery.SpoolMode{delivery.SpoolOverflow, delivery.SpoolAlways} {
		synctest.Test(t, func(t *testing.T) {
			lines, s := &record{}, &sender{}
			x := spooling(t, private(t), delivery.SpoolOptions{Mode: mode, MaxBytes: 90}, s, func(o *delivery.Options) { o.Logger = slog.New(lines) })
			for _, one := range spans(1000) {
				x.Take(one)
				time.Sleep(time.Millisecond)
			}
			finish(t, x)
			st := x.Stats()
			balance(t, st)
			if st.Delivered != 1000 {
				t.Errorf("mode %d: %+v", mode, st)
			}
			if n := lines.with("WARN cannot spool spans", "larger than the spool"); mode == delivery.SpoolAlways && n != 1 {
				t.Errorf("logged %d times: %v", n, lines.all())
			}
		})
	}
}

func TestSpoolDirectoriesThatAreRefused(t *testing.T) {
	base := t.TempDir()
	file, open, target, link := filepath.Join(base, "file"), filepath.Join(base, "open"), filepath.Join(base, "target"), filepath.Join(base, "link")
	err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(open, 0o700), os.Chmod(open, 0o777), os.Mkdir(target, 0o700), os.Symlink(target, link))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), open, link} {
		if s, err := delivery.OpenSpool("x", delivery.SpoolOptions{Dir: dir}); err == nil {
			t.Errorf("%s is accepted", dir)
			_ = s.Close()
		}
	}
}

func TestExportersWithoutASpool(t *testing.T) {
	spool, err := delivery.OpenSpool("x", delivery.SpoolOptions{Dir: private(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	x := delivery.New(atEnd{}, &sender{}, delivery.Options{Logger: quiet, Spool: spool})
	if x.Spools() {
		t.Error("payloads that cannot be stored are spooled")
	}
	finish(t, x)
	first := delivery.New(storing{}, &sender{}, delivery.Options{Logger: quiet, Spool: spool})
	second := delivery.New(storing{}, &sender{}, delivery.Options{Logger: quiet, Spool: spool})
	if !first.Spools() || second.Spools() {
		t.Errorf("a spool is used by the first exporter %t, by the second %t", first.Spools(), second.Spools())
	}
	finish(t, second)
	finish(t, first)
}

// Spans of many goroutines, with a receiver that fails at random, are all delivered or accounted for.
func TestSpoolUnderLoad(t *testing.T) {
	for _, mode := range []delivery.SpoolMode{delivery.SpoolOverflow, delivery.SpoolAlways} {
		s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			switch {
			case n%7 == 0:
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("later")}
			case n%11 == 0:
				return delivery.Outcome{Verdict: delivery.TooLarge}
			}
			return delivery.Outcome{}
		}}
		x := spooling(t, private(t), delivery.SpoolOptions{Mode: mode}, s, func(o *delivery.Options) {
			o.Retry.Initial, o.Retry.Max, o.QueueBytes = time.Microsecond, time.Millisecond, 30_000
		})
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 2000 {
					x.Take(span(fmt.Sprintf("s%d", g*2000+i)))
					if i%100 == 0 {
						balance(t, x.Stats())
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		wg.Wait()
		if err := x.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
		finish(t, x)
		st := x.Stats()
		balance(t, st)
		slices.Sort(s.arrived)
		if st.Delivered+st.Dropped[delivery.DropQueueFull]+st.Dropped[delivery.DropTooLarge] != 16_000 || len(slices.Compact(s.arrived)) != int(st.Delivered) {
			t.Errorf("mode %d: %d arrived, %+v", mode, len(s.arrived), st)
		}
	}
}

// private returns the path of a directory that OpenSpool makes.
func private(t *testing.T) string { return filepath.Join(t.TempDir(), "spool") }
