package jaeger

import (
	"math"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// leastText is the length in bytes to which the texts of an oversize span are cut before parts of it are dropped.
const leastText = 64

// fit appends s within room. It reports false, and returns b unchanged, if s does not fit even with
// everything dropped that can be.
func (w *writer) fit(b []byte, s sdktrace.ReadOnlySpan, room int) ([]byte, bool) {
	f := fitting{w: w, span: s, at: len(b), room: room}
	w.cut = &f.cut
	defer func() { w.cut = nil }()
	fits := false
	if b, fits = f.fit(b); !fits {
		return b[:f.at], false
	}
	w.repair = f.seen | repairTruncated
	return b, true
}

// A fitting makes one span fit.
//
// How it works. It writes the span repeatedly, which is simpler than to compute sizes in advance, and cheap: spans that
// exceed a packet are rare. The first pass, without a bound, yields the lengths of all texts, from which share computes a
// bound that is enough. If that is at least leastText, fill searches for the largest such bound, since cuts between two
// code points leave room free. Otherwise parts are dropped with all texts at leastText, until the rest fits.
type fitting struct {
	w    *writer
	span sdktrace.ReadOnlySpan
	at   int // where the span begins
	room int
	cut  cut
	seen repairs // of all passes
}

// fit appends the span, and reports whether it fits.
func (f *fitting) fit(b []byte) ([]byte, bool) {
	b, bound := f.widest(b)
	if bound >= leastText {
		return f.fill(b, bound), true
	}
	b, fits := f.drop(b)
	if b, bound = f.widest(b); bound < leastText && fits {
		bound = leastText // the estimate counts what a cut between two code points leaves free
	}
	if bound < 0 {
		return b, false
	}
	return f.fill(b, bound), true
}

// pass writes the span with texts of at most bound bytes, and returns by how much it exceeds the room.
func (f *fitting) pass(b []byte, bound int) (_ []byte, excess int) {
	f.cut.bound, f.cut.lengths = bound, f.cut.lengths[:0]
	f.cut.begin()
	b = f.w.span(b[:f.at], f.span)
	f.seen |= f.w.repair
	return b, len(b) - f.at - f.room
}

// widest returns the largest bound known to be enough without a trial, or a negative number.
func (f *fitting) widest(b []byte) ([]byte, int) {
	b, excess := f.pass(b, math.MaxInt)
	if excess <= 0 {
		return b, math.MaxInt
	}
	return b, share(f.cut.lengths, excess)
}

// fill writes the span with a bound that is enough, or with the largest one above it: a cut may leave
// room free, since it falls between two code points or elements.
func (f *fitting) fill(b []byte, bound int) []byte {
	b, excess := f.pass(b, bound)
	if bound == math.MaxInt {
		return b
	}
	// A bound that is larger by more than what is free makes no text longer by less than that.
	low, high := bound, bound-excess
	for low < high {
		middle := (low + high + 1) / 2
		if b, excess = f.pass(b, middle); excess <= 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	if f.cut.bound != low {
		b, _ = f.pass(b, low)
	}
	return b
}

// drop drops parts until the span fits with texts of leastText, and then takes back those that fit as
// well. It reports false when nothing is left to drop.
func (f *fitting) drop(b []byte) ([]byte, bool) {
	b, excess := f.pass(b, leastText)
	for restores := 0; ; {
		switch {
		case excess > 0:
			if !f.cut.remove(excess) {
				return b, false
			}
		case restores == maxRestores || !f.cut.restore(-excess):
			return b, true
		default:
			restores++
		}
		b, excess = f.pass(b, leastText)
	}
}

// maxRestores bounds the attempts to take parts back. The count of what is gone shrinks with each of
// them, which may make room for another part.
const maxRestores = 4
