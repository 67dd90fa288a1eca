package delivery

// A payloadLimit is the maximum size of a payload in bytes if one was found. It only falls.
type payloadLimit struct {
	maxBytes, minBytes int // maxBytes 0: unknown
}

const (
	// defaultMinBytes is the minimum limit for an encoder that is not a Limiter.
	defaultMinBytes = 64 << 10
	// minBatchCost bounds from below the cost of the spans that are encoded at once: a limit of packet size must not make
	// batches of one packet.
	minBatchCost = 1 << 20
)

func newPayloadLimit(encoder any) payloadLimit {
	if l, ok := encoder.(Limiter); ok {
		maxBytes, minBytes := l.Limits()
		return payloadLimit{maxBytes, minBytes}
	}
	return payloadLimit{minBytes: defaultMinBytes}
}

// tooLarge halves the limit until it is below the size that was refused, and reports whether it changed. It does not
// change for a payload that was encoded before the limit fell.
func (l *payloadLimit) tooLarge(size int) bool {
	old := l.maxBytes
	if l.maxBytes == 0 {
		l.maxBytes = max(size/2, l.minBytes)
		return true
	}
	for l.maxBytes >= size && l.maxBytes > l.minBytes {
		l.maxBytes = max(l.maxBytes/2, l.minBytes)
	}
	return l.maxBytes != old
}

// batchCost returns the maximum cost of the spans that are encoded at once.
func (l *payloadLimit) batchCost() int64 {
	if l.maxBytes == 0 {
		return 1 << 62
	}
	return int64(max(l.maxBytes, minBatchCost))
}
