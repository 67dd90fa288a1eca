package recording

import "go.opentelemetry.io/otel/attribute"

// atMost returns the first attributes of a list, and the number of those above the limit. It returns the list itself
// if it is short enough, and else a copy of its beginning.
func atMost(list []attribute.KeyValue, limit int) ([]attribute.KeyValue, int) {
	switch {
	case limit < 0 || len(list) <= limit:
		return list, 0
	case limit == 0:
		return nil, len(list)
	}
	return append(make([]attribute.KeyValue, 0, limit), list[:limit]...), len(list) - limit
}

// A queue holds the last values that were pushed.
type queue[T any] struct {
	list    []T
	dropped int
}

// push adds v, and drops the first value if there are limit of them already. It reports whether this is the first that
// was dropped. A negative limit means no limit.
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
