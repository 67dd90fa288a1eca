package spool_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/spanroute/spanroute/internal/spool"
)

const childVariable = "SPOOL_TEST_CHILD" // "directory owner first-number"

func TestMain(m *testing.M) {
	if job := os.Getenv(childVariable); job != "" {
		child(strings.Fields(job))
	}
	goleak.VerifyTestMain(m)
}

// child appends records and prints the number of each one that was accepted, until it is killed. It delivers some of
// those that it finds, and prints them with a "-" in front before it acknowledges them.
func child(job []string) {
	root, err := spool.OpenDir(job[0])
	if err != nil {
		panic(err)
	}
	s, err := spool.Open(root, job[1], spool.Options{Destination: "otlp", SegmentBytes: 16 << 10})
	if err != nil {
		panic(err)
	}
	first, _ := strconv.Atoi(job[2])
	for i := first; ; i++ {
		if err := s.Append(spool.Record{Payload: payload(i, 100+i%1000), Spans: 1}); err != nil {
			panic(err)
		}
		fmt.Println(i)
		if i%3 == 0 {
			e := s.Take()
			fmt.Println("-" + strconv.Itoa(number(e)))
			_ = e.Done()
		}
	}
}

// TestKilledProcessesLoseNothing kills processes that use the spool at random moments. Every record that one of them
// reported as accepted must be delivered by one of them, or be there at the end.
func TestKilledProcessesLoseNothing(t *testing.T) {
	_, path := osRoot(t)
	accepted, delivered := map[int]bool{}, map[int]int{}
	kills := 30
	for round := range kills {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s p%d %d", childVariable, path, round, round*1_000_000))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(rand.IntN(20_000)) * time.Microsecond
		lines := bufio.NewScanner(out)
		lines.Scan() // it runs
		note(lines.Text(), accepted, delivered)
		timer := time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
		for lines.Scan() {
			note(lines.Text(), accepted, delivered)
		}
		timer.Stop()
		_ = cmd.Wait()
	}
	root, err := spool.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	s := open(t, root, "last", spool.Options{Destination: "otlp", Dropped: func(reason string, n int64) { t.Errorf("%d spans dropped: %s", n, reason) }})
	for e := s.Take(); e != nil; e = s.Take() {
		delivered[number(e)]++
		_ = e.Done()
	}
	duplicates := 0
	for n := range accepted {
		if delivered[n] == 0 {
			t.Errorf("record %d was accepted and is lost", n)
		}
	}
	for _, n := range delivered {
		duplicates += n - 1
	}
	if duplicates > kills {
		t.Errorf("%d duplicates, want at most one for each of %d kills", duplicates, kills)
	}
	t.Logf("%d accepted, %d duplicates", len(accepted), duplicates)
}

func note(line string, accepted map[int]bool, delivered map[int]int) {
	if n, err := strconv.Atoi(line); err == nil {
		if n < 0 || strings.HasPrefix(line, "-") {
			delivered[-n]++
		} else {
			accepted[n] = true
		}
	}
}
