package recording

// A queue holds the last values that were pushed.
type queue[T any] struct {
	list    []T
	dropped int
}

// push adds v. If the queue has limit values already, it drops the first one. push reports whether it dropped a value for
// the first time. A negative limit means no limit.
func (q *queue[T]) push(v T, limit int) (first bool) {
	full := limit >= 0 && len(q.list) >= limit
	if full {
		q.dropped++
	}
	switch {
	case !full:
		q.list = append(q.list, v)
	case limit > 0:
		copy(q.list, q.list[1:])
		q.list[len(q.list)-1] = v
	}
	return full && q.dropped == 1
}
