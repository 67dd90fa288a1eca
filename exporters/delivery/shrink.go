package delivery

// Shrinker is optional on an [Encoder] whose payloads have a hard limit (UDP). Shrink encodes the one
// span of p again, within r.Limit; what it has to leave out goes to r.Repair. It reports false when the
// span cannot be made smaller, which is then dropped, DropTooLarge.
type Shrinker[P Payload] interface {
	Shrink(p P, r *Report) (smaller P, ok bool)
}

// shrink replaces the payload of a single span that was too large by a smaller one.
func (w *worker[P]) shrink(l *load[P], out Outcome) bool {
	s, ok := w.encoder.(Shrinker[P])
	if !ok || l.spans != 1 {
		return false
	}
	size := l.payload.Size()
	w.e.halve(size, out)
	p, r, ok := w.callShrink(s, l.payload)
	if !ok || r.drops() > 0 || p.Spans() != 1 || p.Size() >= size {
		return false
	}
	w.e.report(l.batch, r)
	l.payload = p
	return true
}

// callShrink is one call of Shrink; one that panics has not shrunk the payload.
func (w *worker[P]) callShrink(s Shrinker[P], p P) (smaller P, r *Report, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	r = w.newReport()
	smaller, ok = s.Shrink(p, r)
	return smaller, r, ok
}
