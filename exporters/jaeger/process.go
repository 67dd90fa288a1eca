package jaeger

import (
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// keyClient is the process tag by which Jaeger's agent distinguishes its clients.
const keyClient = "client-uuid"

// A process is an encoded resource. It does not change.
type process struct {
	bytes  []byte
	room   int // it was encoded for
	repair repairs
}

// processes caches the encoded resources of a destination: a program has one, rarely a few. With more than keptProcesses
// the cache starts again, which bounds its memory.
type processes struct {
	mu    sync.Mutex
	known map[attribute.Distinct]*process
}

const keptProcesses = 64

// of returns the process of res in at most room bytes; room 0 means any number. The room of a packet falls with its limit,
// so a cached process of another room is encoded again.
func (ps *processes) of(res *resource.Resource, w *writer, client string, room int) *process {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	id := res.Equivalent()
	if p := ps.known[id]; p != nil && p.room == room {
		return p
	}
	if ps.known == nil || len(ps.known) >= keptProcesses {
		ps.known = make(map[attribute.Distinct]*process, 1)
	}
	p := w.process(res, client, room)
	ps.known[id] = p
	return p
}

// process encodes a resource: its service name, and its other attributes as tags. If it needs more than room, it loses the
// largest tags first and gets the tag spanroute.truncated. The service name and the client's id stay.
func (w *writer) process(res *resource.Resource, client string, room int) *process {
	w.repair, w.tags = 0, 0
	service, r := spantext.ServiceName(res)
	w.repair |= repairs(r)

	tags := make([][]byte, 0, res.Len()+1)
	for it := res.Iter(); it.Next(); {
		if kv := it.Attribute(); kv.Key != spantext.ServiceKey && (client == "" || kv.Key != keyClient) {
			tags = append(tags, w.tag(nil, processTags, &kv, w.limit))
		}
	}
	p := &process{room: room, repair: w.repair}
	var marks [][]byte // stay
	if client != "" {
		marks = append(marks, w.str(nil, processTags, keyClient, client))
	}
	for {
		p.bytes = w.joinProcess(service, slices.Concat(tags, marks))
		if room <= 0 || len(p.bytes) <= room || len(tags) == 0 {
			return p
		}
		if p.repair&repairTruncated == 0 {
			p.repair |= repairTruncated
			marks = append(marks, w.boolean(nil, processTags, keyTruncated, true))
		}
		tags = withoutLargest(tags)
	}
}

// joinProcess returns a process with encoded tags.
func (w *writer) joinProcess(service string, tags [][]byte) []byte {
	b := w.wire.openProcess(nil, service)
	if len(tags) > 0 {
		var at int
		b, at = w.wire.open(b, processTags)
		for _, tag := range tags {
			b = append(b, tag...)
		}
		b = w.wire.close(b, processTags, at, len(tags))
	}
	return w.wire.closeProcess(b)
}

// withoutLargest removes the largest tag, the first one of several.
func withoutLargest(tags [][]byte) [][]byte {
	largest := 0
	for i := range tags {
		if len(tags[i]) > len(tags[largest]) {
			largest = i
		}
	}
	return slices.Delete(tags, largest, largest+1)
}
