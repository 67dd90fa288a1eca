package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// An outage of 10 minutes at 100 spans/s makes at most 12 log lines, the last one with
// the totals.
func TestLongOutageMakesTwelveLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, log := time.Now(), &record{}
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			if time.Since(start) < 10*time.Minute {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("connection refused"), Hint: "start it"}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 100}, s, delivery.Options{ID: "zipkin", Endpoint: "http://z:9411", Logger: slog.New(log)})
		one := span("0123456789")
		for range 11 * 60 * 100 {
			x.Enqueue(one)
			time.Sleep(10 * time.Millisecond)
		}
		got := finish(t, x)
		lines := log.all()
		if len(lines) > 12 || len(lines) < 11 {
			t.Errorf("%d lines, want 11 or 12", len(lines))
		}
		first, last := lines[0], lines[len(lines)-1]
		for _, want := range []string{"WARN not delivering spans", "exporter=zipkin", "endpoint=http://z:9411",
			"error=connection refused", "hint=start it", "waiting="} {
			if !strings.Contains(first, want) {
				t.Errorf("first line %q, want %q in it", first, want)
			}
		}
		for _, want := range []string{"INFO delivery recovered", "after=", "retries=", "dropped=[expired="} {
			if !strings.Contains(last, want) {
				t.Errorf("last line %q, want %q in it", last, want)
			}
		}
		if got.Delivered+got.DroppedTotal() != 66000 || got.Dropped["expired"] == 0 {
			t.Errorf("stats = %+v, want 66000 spans, some expired", got)
		}
		t.Logf("%d lines; %+v\n%s", len(lines), got, strings.Join(lines, "\n"))
	})
}

// A receiver that comes and goes is logged once a minute, not once per failure.
func TestFlappingIsToldOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		s := &sender{answer: func(_ context.Context, n int, _ packet) delivery.Outcome {
			if n%2 == 1 {
				return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New("503")}
			}
			return delivery.Outcome{}
		}}
		x := delivery.New(encoder{each: 1}, s, options(log))
		for range 600 {
			x.Enqueue(span("one"))
			time.Sleep(time.Second)
		}
		finish(t, x)
		if warned, informed := log.with("WARN"), log.with("INFO"); warned > 10 || informed > warned {
			t.Errorf("%d warnings and %d all-clears in 10 min, want at most 10 each", warned, informed)
		}
	})
}

// What is logged at once, and what goes into the minute's line.
func TestDropsAreTold(t *testing.T) {
	for name, row := range map[string]struct {
		encoder encoder
		out     delivery.Outcome
		want    []string // parts of the first line
	}{
		"rejected": {
			encoder{each: 1}, delivery.Outcome{Verdict: delivery.Rejected, Err: errors.New("400 bad\tthrift\n" + strings.Repeat("x", 1000)), Hint: "do this"},
			[]string{"WARN dropping spans", "reason=rejected", "spans=1", `error=400 bad\tthrift\nxxx`, "hint=do this"},
		},
		"partial":   {encoder{each: 1}, delivery.Outcome{Rejected: 1, Err: errors.New("quota")}, []string{"reason=partial", "error=quota"}},
		"panic":     {encoder{each: 1, panicOn: "-"}, delivery.Outcome{Verdict: 255}, []string{"reason=panic"}},
		"too large": {encoder{each: 1}, delivery.Outcome{Verdict: delivery.TooLarge}, []string{"reason=too_large"}},
		"encode":    {encoder{panicOn: "one"}, delivery.Outcome{}, []string{"reason=encode", "panic in Encode with a string"}},
		"a note of the encoder": {
			encoder{drop: map[string]delivery.Reason{"one": "too_large"}, note: "span too large: size=70213 limit=8000"}, delivery.Outcome{},
			[]string{"reason=too_large", "error=span too large: size=70213 limit=8000"},
		},
		"invalid": {encoder{drop: map[string]delivery.Reason{"one": "invalid"}}, delivery.Outcome{}, []string{"reason=invalid"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &record{}
				s := &sender{answer: func(context.Context, int, packet) delivery.Outcome { return row.out }}
				x := delivery.New(row.encoder, s, options(log))
				for range 180 { // 3 minutes
					x.Enqueue(span("one"))
					time.Sleep(time.Second)
				}
				finish(t, x)
				lines := log.all()
				if len(lines) < 3 || len(lines) > 5 {
					t.Fatalf("%d lines in 3 min, want the first drop and one a minute:\n%s", len(lines), strings.Join(lines, "\n"))
				}
				for _, part := range row.want {
					if !strings.Contains(lines[0], part) {
						t.Errorf("first line %q, want %q in it", lines[0], part)
					}
				}
				for _, l := range lines {
					if len(l) > 450 {
						t.Errorf("line of %d bytes, want the receiver's text cut to 200: %s", len(l), l)
					}
				}
				if last := lines[len(lines)-1]; !strings.Contains(last, "dropped=[") {
					t.Errorf("last line %q, want the drops since the one before", last)
				}
			})
		})
	}
}

// The counts of all lines add up to the accounts: nothing is logged twice or not at all.
func TestLinesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return delivery.Outcome{Verdict: delivery.Rejected}
		}}
		x := delivery.New(encoder{each: 1}, s, options(log))
		for range 600 {
			x.Enqueue(span("one"))
			time.Sleep(time.Second)
		}
		got, told := finish(t, x), 0
		for _, l := range log.all() {
			var n int
			if _, part, ok := strings.Cut(l, "rejected="); ok {
				_, _ = fmt.Sscan(strings.TrimRight(part, "]"), &n)
			} else if _, part, ok := strings.Cut(l, "spans="); ok {
				_, _ = fmt.Sscan(part, &n)
			}
			told += n
		}
		if told != int(got.Dropped["rejected"]) {
			t.Errorf("lines tell of %d spans, want %d:\n%s", told, got.Dropped["rejected"], strings.Join(log.all(), "\n"))
		}
	})
}

// A full queue is logged although Enqueue itself logs nothing, and a warning within a success once.
func TestQuietTroublesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &record{}
		o := options(log)
		o.QueueBytes = 2000
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return delivery.Outcome{Err: errors.New("deprecated")}
		}}
		x := delivery.New(encoder{each: 1}, s, o)
		for range 10 {
			enqueue(x, spans(10))
			time.Sleep(time.Second)
		}
		got := finish(t, x)
		if got.Dropped["queue_full"] == 0 || log.with("WARN dropping spans", "queue_full=") != 2 {
			t.Errorf("dropped %v, log:\n%s", got.Dropped, strings.Join(log.all(), "\n"))
		}
		if n := log.with("WARN receiver warning", "deprecated"); n != 1 {
			t.Errorf("%d lines of the receiver's warning, want 1", n)
		}
	})
}

// grumpy is a handler that panics.
type grumpy struct{ record }

func (*grumpy) Handle(context.Context, slog.Record) error { panic("no") }

func TestHandlerThatPanics(t *testing.T) {
	t.Parallel()
	o := options(&record{})
	o.Logger = slog.New(&grumpy{})
	s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
		return delivery.Outcome{Verdict: delivery.Rejected}
	}}
	x := delivery.New(encoder{each: 1}, s, o)
	enqueue(x, spans(10))
	finish(t, x)
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 150)
	for in, want := range map[string]string{
		"plain":         "plain",
		"a\nb\x00\x1b[": `a\nb\x00\x1b[`,
		"bad \xff":      `bad \xff`,
		long:            strings.Repeat("é", 100),
	} {
		if got := delivery.Excerpt(in); got != want {
			t.Errorf("Excerpt(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("")
	f.Add("plain")
	f.Add(strings.Repeat("日", 100))
	f.Add("a\x00\xff\u2028" + strings.Repeat("é", 200))
	f.Fuzz(func(t *testing.T, text string) {
		got := delivery.Excerpt(text)
		if len(got) > 200 || !utf8.ValidString(got) || strings.IndexFunc(got, unicode.IsControl) >= 0 {
			t.Errorf("Excerpt(%q) = %q", text, got)
		}
	})
}

// held is a handler that keeps its lines to itself until it is released.
type held struct {
	*record
	release chan struct{}
}

func (h held) Handle(ctx context.Context, l slog.Record) error {
	<-h.release
	return h.record.Handle(ctx, l)
}

// Lines that wait for a handler do not pile up.
func TestLinesThatWaitAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := held{&record{}, make(chan struct{})}
		o := options(h.record)
		o.Logger = slog.New(h)
		s := &sender{answer: func(context.Context, int, packet) delivery.Outcome {
			return delivery.Outcome{Err: errors.New("deprecated")} // a warning, logged once a minute
		}}
		x := delivery.New(encoder{each: 1}, s, o)
		for range 500 {
			x.Enqueue(span("s"))
			time.Sleep(2 * time.Minute)
		}
		close(h.release)
		finish(t, x)
		if n := len(h.all()); n < 10 || n > 70 {
			t.Errorf("%d lines were kept for a handler that did not return, want some, and at most 70", n)
		}
	})
}
