package recording

import "sync"

var bodies = sync.Pool{New: func() any { return new(Body) }}

// maxKept is the number of attributes for which a body in the pool keeps room. More would be charged to spans that do
// not need it.
const maxKept = 24

func newBody(pooled bool) *Body {
	if !pooled {
		return &Body{}
	}
	b := bodies.Get().(*Body)
	b.recycle()
	b.pooled = true
	return b
}

// Release ends the use of a body by a sink, which must not read it afterwards. The last release makes the body
// available to other spans, unless a span processor got it too.
func (b *Body) Release() {
	left := b.refs.Add(-1)
	checkRelease(left)
	if left != 0 || !b.pooled {
		return
	}
	b.clear()
	bodies.Put(b)
}

// clear removes the content, but not the room for attributes.
func (b *Body) clear() {
	list := b.attributes.list
	clear(list)
	if cap(list) > maxKept {
		list = nil
	}
	*b = Body{}
	b.attributes.list = list[:0]
	b.poison()
}
