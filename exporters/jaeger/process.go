package jaeger

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanroute/spanroute/exporters/internal/spantext"
)

// keyClient is the process tag by which Jaeger's agent distinguishes its clients.
const keyClient = "client-uuid"

// process is an encoded resource.
type process struct {
	bytes  []byte
	room   int // it was encoded for
	repair repairs
}

// processes keeps the encoded resources of a destination; a program has one, rarely a few.
type processes struct {
	mu    sync.Mutex
	known map[attribute.Distinct]*process
}

const keptProcesses = 64

// of returns the process for res in at most room bytes; room 0 means any number.
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

// process encodes a resource: its service name, and its other attributes as tags. In a packet, tags
// that need more than room go, the largest first; the service name and the client's id stay.
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
	if client != "" {
		tags = append(tags, w.str(nil, processTags, keyClient, client))
	}
	for {
		p.bytes = w.joinProcess(service, tags)
		if room <= 0 || len(p.bytes) <= room || !dropLargest(&tags, client != "") {
			return p
		}
		p.repair |= repairTruncated
	}
}

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

// dropLargest removes the largest tag; keepLast spares the last one, the client's id.
func dropLargest(tags *[][]byte, keepLast bool) bool {
	may := *tags
	if keepLast {
		may = may[:len(may)-1]
	}
	if len(may) == 0 {
		return false
	}
	largest := slices.MaxFunc(may, func(a, b []byte) int { return cmp.Compare(len(a), len(b)) })
	i := slices.IndexFunc(may, func(t []byte) bool { return len(t) == len(largest) })
	*tags = slices.Delete(*tags, i, i+1)
	return true
}
