package delivery

// A limit is the maximum size of a payload in bytes, if it is known. It only falls.
type limit struct {
	most, floor int
}

// The floor of an encoder without Limits, and the cost of spans that are encoded at once when
// payloads are small: a packet's limit must not make batches of a packet.
const (
	defaultFloor = 64 << 10
	leastBatch   = 1 << 20
)

func newLimit(encoder any) limit {
	if l, ok := encoder.(Limiter); ok {
		most, floor := l.Limits()
		return limit{most, floor}
	}
	return limit{floor: defaultFloor}
}

// tooLarge halves the limit until it is below a size that was refused, and reports whether it
// changed. A payload above the limit was encoded before the limit fell and does not change it.
func (l *limit) tooLarge(size int) bool {
	old := l.most
	if l.most == 0 {
		l.most = max(size/2, l.floor)
		return true
	}
	for l.most >= size && l.most > l.floor {
		l.most = max(l.most/2, l.floor)
	}
	return l.most != old
}

// batch is the cost of spans that may be encoded at once.
func (l *limit) batch() int64 {
	if l.most == 0 {
		return 1 << 62
	}
	return int64(max(l.most, leastBatch))
}
