package delivery

// blocks stores the encodings of spans one after the other, in blocks of memory that the garbage collector need not scan.
// That takes fewer allocations than one for each span. The queue is drained in order, so a block is garbage soon after its
// first span was sent.
type blocks struct{ open []byte }

// A block has blockBytes bytes. What is larger than maxInBlock gets memory of its own, so that the end of a block that
// stays empty is small.
const (
	blockBytes = 32 << 10
	maxInBlock = blockBytes / 16
)

// keep returns a copy of data, and the number of bytes that the copy takes.
func (b *blocks) keep(data []byte) (kept []byte, size int) {
	if len(data) > maxInBlock {
		kept = append([]byte(nil), data...)
		return kept, cap(kept)
	}
	if len(data) > cap(b.open)-len(b.open) {
		b.open = make([]byte, 0, blockBytes)
	}
	from := len(b.open)
	b.open = append(b.open, data...)
	return b.open[from:len(b.open):len(b.open)], len(data)
}
