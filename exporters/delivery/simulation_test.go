package delivery_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/internal/spool/spooltest"
)

var (
	seeds = flag.Int("seeds", 300, "number of seeds of TestSimulation")
	seed  = flag.Int("seed", -1, "only this seed of TestSimulation")
)

// TestSimulation runs services through faults that a seed selects: a receiver that is down, silent, busy or slow, refuses
// payloads, loses its answers and gives them in another order; a disk that is full, fails, tears, forgets and changes what was
// written; processes and machines that die at any moment, and others that follow. Exporter, breaker and spool are the real
// ones; clock, network and disk are simulated. In the end the ledger of the world must balance, see world.settle. A seed that
// fails is run again by:
//
//	go test ./exporters/delivery -run TestSimulation -seed 7
func TestSimulation(t *testing.T) {
	if *seed >= 0 {
		synctest.Test(t, func(t *testing.T) { simulate(t, uint64(*seed)) })
		return
	}
	for part := range 8 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for n := part; n < *seeds && !t.Failed(); n += 8 {
				synctest.Test(t, func(t *testing.T) { simulate(t, uint64(n)) })
			}
		})
	}
}

// A world has a receiver, a disk, and one service after another.
type world struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand // of the test's goroutine
	disk   *spooltest.Disk
	begun  time.Time
	next   int // number of the next span
	ended  int // spans that were given to a service
	faults faults

	mu       sync.Mutex
	dice     *rand.Rand     // of the receiver
	arrived  map[string]int // how often each span arrived
	unheard  int            // spans that arrived, with an answer that did not
	weather  []weather
	poisoned bool // the receiver fails on some spans

	// What the rules of delivery allow to be lost or to arrive twice.
	lost, twice int
	always      bool // every service writes each payload before it is sent
	fails       bool // the disk is full or fails at times
}

// faults are those of the disk and the machine that make more losses legal than the accounts show.
type faults struct{ flips, crashes bool }

// weather is the state of the receiver until a time.
type weather struct {
	until time.Duration
	state int
}

const (
	works = iota
	refuses
	hangs
	isBusy
	isWrong
	states
)

// A service is one process.
type service struct {
	w       *world
	x       *delivery.Exporter
	view    *spooltest.Process
	o       delivery.Options
	answers int // spans whose delivery was answered, guarded by w.mu
	dead    chan struct{}
}

func simulate(t *testing.T, seed uint64) {
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), dice: rand.New(rand.NewPCG(seed, 2)), disk: spooltest.NewDisk(seed),
		begun: time.Now(), arrived: map[string]int{}, always: seed%3 == 0, poisoned: seed%5 == 1, fails: seed%2 == 1,
	}
	for at := time.Duration(0); at < 10*time.Minute; {
		at += time.Duration(w.random.IntN(60_000)) * time.Millisecond
		w.weather = append(w.weather, weather{at, max(works, w.random.IntN(2*states)-states)})
	}
	for range 1 + w.random.IntN(4) {
		w.start().live(10 + w.random.IntN(40))
	}
	w.settle()
	if t.Failed() {
		t.Errorf("run this seed alone: go test ./exporters/delivery -run TestSimulation -seed %d", seed)
	}
}

// start starts a service.
func (w *world) start() *service {
	s := &service{w: w, view: w.disk.Process(), dead: make(chan struct{})}
	s.o = delivery.Options{
		ID: "otlp", Logger: quiet, BatchSize: 5 + w.random.IntN(20), BatchDelay: time.Second, Senders: 1 + w.random.IntN(3), Timeout: 2 * time.Second,
		QueueBytes: int64(5_000 << w.random.IntN(6)),
	}
	s.o.Retry.MaxElapsed = time.Duration(20+w.random.IntN(300)) * time.Second
	if w.seed%7 != 0 {
		s.o.Spool = w.open(s.view)
	}
	if w.random.IntN(2) == 0 {
		s.o.Retry.Probe = -1
	}
	s.x = delivery.New(probingStore{storing{atEnd: atEnd{encoder: encoder{each: 100, most: 1500}}}}, s, s.o)
	return s
}

func (w *world) open(view *spooltest.Process) *delivery.Spool {
	o := delivery.SpoolOptions{MaxBytes: 1 << 30, Fsync: []time.Duration{time.Second, delivery.FsyncAlways}[w.seed/3%2]}
	if w.always {
		o.Mode = delivery.SpoolAlways
	}
	for {
		spool, err := delivery.OpenSpoolIn(view.Root(), "otlp", o)
		if err == nil {
			return spool
		}
		if w.faults == (faults{}) && !errors.Is(err, spooltest.ErrIO) && !strings.Contains(err.Error(), "no space") {
			w.t.Fatalf("open: %v", err)
		}
		w.disk.FailNext(nil, 0)
		w.disk.SetRoom(-1)
		w.faults.flips = true
		w.disk = spooltest.NewDisk(w.seed) // an operator has replaced it
		*view = *w.disk.Process()
	}
}

type probingStore struct{ storing }

func (probingStore) Probe() packet { return packet{} }

// live lets the service end spans, and itself end in one of several ways.
func (s *service) live(steps int) {
	w := s.w
	for range steps {
		switch n := w.random.IntN(100); {
		case n < 60:
			for range 1 + w.random.IntN(30) {
				s.x.Take(span(fmt.Sprintf("s%d", w.next)))
				w.next++
				w.ended++
			}
		case n < 80:
			time.Sleep(time.Duration(w.random.IntN(8000)) * time.Millisecond)
		case n < 84:
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(w.random.IntN(3000))*time.Millisecond)
			_ = s.x.ForceFlush(ctx)
			cancel()
		case n < 88 && w.fails:
			w.disk.FailNext(spooltest.ErrIO, w.random.IntN(6))
		case n < 90 && w.fails:
			w.disk.SetRoom(int64(w.random.IntN(3000)))
		case n < 94:
			w.disk.SetRoom(-1)
		case n < 96 && w.seed%8 == 3:
			w.faults.flips = w.disk.Flip() || w.faults.flips
		default:
			s.check()
		}
	}
	switch end := w.random.IntN(4); {
	case end == 0:
		s.kill()
	case end == 1 && w.seed%8 == 5:
		s.crash()
	default:
		s.shutdown(time.Duration(w.random.IntN(20_000)) * time.Millisecond)
	}
}

// check compares the account with what the receiver answered.
func (s *service) check() delivery.Stats {
	stats := balanced(s.w.t, s.x)
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if int(stats.Delivered) > s.answers {
		s.w.t.Errorf("%d spans count as delivered, and the receiver answered for %d", stats.Delivered, s.answers)
	}
	if damaged := stats.Dropped[delivery.DropSpoolCorrupt] + stats.Dropped[delivery.DropSpoolFormat]; damaged > 0 && s.w.faults == (faults{}) {
		s.w.t.Errorf("%d spans are damaged, and nothing was: %+v", damaged, stats)
	}
	return stats
}

// shutdown ends the service in order. What the account drops is lost.
func (s *service) shutdown(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	begun := time.Now()
	_ = s.x.Shutdown(ctx)
	if took := time.Since(begun); took > within+100*time.Millisecond {
		s.w.t.Errorf("Shutdown within %v took %v", within, took)
	}
	stats := s.check()
	if stats.Queued != 0 {
		s.w.t.Errorf("after Shutdown: %+v", stats)
	}
	if n := stats.Dropped[delivery.DropShutdown] + stats.Dropped[delivery.DropSpoolFull]; n > 0 && s.x.Spools() && !s.w.fails {
		s.w.t.Errorf("%d spans are dropped beside a spool that works: %+v", n, stats)
	}
	s.w.lost += int(stats.DroppedTotal())
	s.w.twice += s.flying()
	s.release()
}

// flying is how many spans may arrive although the service does not know it: those of each sender's attempt, and those whose
// acknowledgement did not reach the disk.
func (s *service) flying() int {
	return (s.o.Senders + 2) * s.o.BatchSize
}

// kill is kill -9. What was in memory only is lost.
func (s *service) kill() {
	stats := s.check()
	s.view.Kill()
	s.w.lost += int(stats.DroppedTotal() + stats.Queued)
	s.w.twice += s.flying()
	s.release()
}

// crash is the death of the machine. What was not synced is lost, and what was acknowledged since the last sync comes again.
func (s *service) crash() {
	stats := s.check()
	s.w.disk.Crash()
	s.w.faults.crashes = true
	s.w.lost += int(stats.DroppedTotal() + stats.Queued)
	s.w.twice += s.flying()
	s.release()
}

// release ends the goroutines of the service, which have no more effect.
func (s *service) release() {
	close(s.dead)
	s.view.Kill()
	_ = s.x.Shutdown(canceled())
	time.Sleep(5 * time.Second) // attempts that were abandoned
}

// settle heals everything, lets a last service deliver what is spooled, and balances the ledger: each span that a service
// ended arrived, or is among those that may be lost; and none arrived more often than answers were lost.
func (w *world) settle() {
	w.mu.Lock()
	w.weather, w.poisoned = nil, false
	w.mu.Unlock()
	w.disk.FailNext(nil, 0)
	w.disk.SetRoom(-1)
	s := w.start()
	for range 400 {
		time.Sleep(15 * time.Second) // at least as long as until the next look for directories of dead processes
		if stats := s.check(); stats.Spooled+stats.Queued == 0 {
			break
		}
	}
	if stats := s.check(); stats.Spooled+stats.Queued != 0 {
		w.t.Errorf("not delivered although all works: %+v", stats)
	}
	s.shutdown(time.Minute)
	duplicates := 0
	for _, n := range w.arrived {
		duplicates += n - 1
	}
	missing := w.ended - len(w.arrived)
	if w.faults == (faults{}) && missing > w.lost {
		w.t.Errorf("%d of %d spans are missing, at most %d may be", missing, w.ended, w.lost)
	}
	if w.faults == (faults{}) && duplicates > w.twice+w.unheard {
		w.t.Errorf("%d spans arrived twice, at most %d may", duplicates, w.twice+w.unheard)
	}
}

// Send is an attempt over the simulated network.
func (s *service) Send(ctx context.Context, p packet) delivery.Outcome {
	w := s.w
	w.mu.Lock()
	state, delay, chance := w.state(), time.Duration(w.dice.IntN(400))*time.Millisecond, w.dice.IntN(100)
	w.mu.Unlock()
	if !s.pass(ctx, delay) {
		return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
	}
	switch state {
	case refuses:
		return errDown
	case hangs:
		s.pass(ctx, time.Hour)
		return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
	case isBusy:
		return delivery.Outcome{Verdict: delivery.Retry, Err: errDown.Err, RetryAfter: delay * 20}
	case isWrong:
		return misfit
	}
	if out, failed := w.dislikes(p, chance); failed {
		return out
	}
	w.receive(p)
	if chance < 5 { // the answer is lost
		w.mu.Lock()
		w.unheard += len(p.names)
		w.mu.Unlock()
		s.pass(ctx, time.Hour)
		return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
	}
	if !s.pass(ctx, delay) { // an answer may overtake another
		w.mu.Lock()
		w.unheard += len(p.names)
		w.mu.Unlock()
		return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
	}
	w.mu.Lock()
	s.answers += len(p.names)
	w.mu.Unlock()
	return delivery.Outcome{}
}

func (*service) Close(context.Context) error { return nil }

// pass lets time pass. It reports false if the attempt or the service ends first.
func (s *service) pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false
	case <-s.dead:
		<-ctx.Done()
		return false
	}
	select {
	case <-s.dead:
		<-ctx.Done()
		return false
	default:
		return true
	}
}

// state returns the present state of the receiver. Called with mu held.
func (w *world) state() int {
	for _, part := range w.weather {
		if time.Since(w.begun) < part.until {
			return part.state
		}
	}
	return works
}

// dislikes returns the outcome of a payload that the receiver does not take.
func (w *world) dislikes(p packet, chance int) (delivery.Outcome, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.poisoned {
		for _, name := range p.names {
			if strings.HasSuffix(name, "77") {
				return errDown, true
			}
		}
	}
	switch {
	case len(p.names) == 0 || w.weather == nil:
	case chance > 97 && len(p.names) > 1:
		return delivery.Outcome{Verdict: delivery.TooLarge, Err: errDown.Err}, true
	case chance > 96:
		return delivery.Outcome{Verdict: delivery.Rejected, Err: errDown.Err}, true
	}
	return delivery.Outcome{}, false
}

func (w *world) receive(p packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range p.names {
		w.arrived[name]++
	}
}
