package jaeger_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/spanroute/spanroute/exporters/delivery"
	"github.com/spanroute/spanroute/exporters/jaeger"
)

// least is how long a text stays at least as long as its part of the span is there.
const least = 64

// outsize makes a span of n bytes or so, most of them in a few texts or in many parts.
func (r random) outsize(n int) tracetest.SpanStub {
	text := func() string {
		length := r.IntN(40)
		if r.IntN(4) == 0 {
			length = r.IntN(n)
		}
		n -= min(length, n-1)
		return strings.Repeat([]string{"x", "é", "日"}[r.IntN(3)], length/2+1)
	}
	s := base(func(s *tracetest.SpanStub) { s.Name = text() })
	if r.IntN(2) == 0 {
		s.Status = sdktrace.Status{Code: codes.Error, Description: text()}
	}
	for i := range r.IntN(1 + r.IntN(40)) {
		s.Attributes = append(s.Attributes, attribute.String(fmt.Sprintf("key%d", i), text()))
	}
	for i := range r.IntN(1 + r.IntN(80)) {
		e := sdktrace.Event{Name: fmt.Sprintf("%d %s", i, text()), Time: epoch}
		for j := range r.IntN(4) {
			e.Attributes = append(e.Attributes, attribute.String(fmt.Sprintf("field%d", j), text()))
		}
		if r.IntN(3) == 0 {
			e.Attributes = append(e.Attributes, attribute.String("exception.type", text()), attribute.String("exception.message", text()))
		}
		s.Events = append(s.Events, e)
	}
	return s
}

// FuzzFit checks what the agent reads of a span that had to be cut to fit a packet.
func FuzzFit(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed, uint16(512<<(seed%7)), uint32(1)<<(10+seed%8))
	}
	f.Add(uint64(760), uint16(642), uint32(1756)) // an event that fits once all of its fields are gone
	f.Fuzz(func(t *testing.T, seed uint64, limit uint16, size uint32) {
		limit = 512 + limit%7500
		r := newRandom(seed)
		s := r.outsize(1 + int(size%30_000))
		protocol := []string{jaeger.ProtocolUDPCompact, jaeger.ProtocolUDPBinary}[r.IntN(2)]
		p := packer(protocol, 0, func(s *jaeger.Settings) { s.Thrift.MaxPacketSize = int(limit) })
		var report delivery.Report
		bodies := p.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, &report)
		if len(bodies) != 1 || len(bodies[0]) > int(limit) {
			t.Fatalf("%d packets, %d too large, want one of at most %d bytes", len(bodies), report.Dropped(delivery.DropTooLarge), limit)
		}
		got := decodePacket(t, bodies[0], protocol == jaeger.ProtocolUDPBinary).Spans[0]
		c := cutCheck{t: t, whole: mapped(s.Snapshot(), 0, true, true)}
		if report.Repaired(delivery.RepairTruncated) == 0 {
			c.same(got)
			return
		}
		c.compare(got)
		c.full(got, int(limit)-len(bodies[0]), protocol)
	})
}

// cutCheck compares a span that was cut with the whole one.
type cutCheck struct {
	t             *testing.T
	whole         span
	longest       int // of the texts that stayed whole, bytes
	shortest, cut int // of those that were cut: bytes of one, and how many; 0: none
	lost          []logRecord
}

func (c *cutCheck) same(got span) {
	if fmt.Sprint(got) != fmt.Sprint(c.whole) {
		c.t.Errorf("the span fits, but the agent reads\n%v, want\n%v", got, c.whole)
	}
}

// text notes that got came of whole.
func (c *cutCheck) text(got, whole string) {
	switch {
	case got == whole:
		c.longest = max(c.longest, len(got))
		return
	case !strings.HasPrefix(whole, got) || !utf8.ValidString(got):
		c.t.Errorf("%q is not the head of %q", got, whole)
	}
	c.cut++
	if c.shortest == 0 || len(got) < c.shortest {
		c.shortest = len(got)
	}
}

// list compares tags or fields, of which got may have lost some and has gained counts.
func (c *cutCheck) list(got, whole []tag) {
	for _, w := range whole {
		i := 0
		for ; i < len(got) && got[i].Key != w.Key; i++ {
		}
		if i == len(got) {
			if strings.HasPrefix(w.Key, "exception.") || w.Key == "event" || strings.HasPrefix(w.Key, "otel.") || w.Key == "error" {
				c.t.Errorf("%s is gone", w.Key)
			}
			continue
		}
		if text, ok := w.Value.(string); ok {
			c.text(got[i].Value.(string), text)
		}
	}
	seen := map[string]bool{}
	for _, x := range got {
		if seen[x.Key] {
			c.t.Errorf("%s is there twice", x.Key)
		}
		seen[x.Key] = true
	}
}

func (c *cutCheck) compare(got span) {
	c.text(got.Name, c.whole.Name)
	c.list(got.Tags, c.whole.Tags)
	at := 0
	for _, l := range c.whole.Logs {
		number, _, _ := strings.Cut(l.Fields[0].Value.(string), " ")
		if at < len(got.Logs) && strings.HasPrefix(got.Logs[at].Fields[0].Value.(string), number+" ") {
			c.list(got.Logs[at].Fields, l.Fields)
			at++
			continue
		}
		c.lost = append(c.lost, l)
	}
	if at != len(got.Logs) {
		c.t.Errorf("%d events that the span does not have", len(got.Logs)-at)
	}
	if n, _ := valueOf(got.Tags, "otel.dropped_events_count").(int64); int(n) != len(c.lost) {
		c.t.Errorf("otel.dropped_events_count %d, want %d", n, len(c.lost))
	}
	if valueOf(got.Tags, "spanroute.truncated") != true {
		c.t.Error("the span is not marked")
	}
}

// full checks that the shares are fair, that no text is cut further than need be, and that no event is
// dropped for which there is room.
func (c *cutCheck) full(got span, free int, protocol string) {
	if c.shortest > 0 && c.longest > c.shortest+utf8.UTFMax {
		c.t.Errorf("a text is cut to %d bytes, another one has %d", c.shortest, c.longest)
	}
	if c.shortest > 0 && c.shortest <= least-utf8.UTFMax && len(got.Logs) > 0 {
		c.t.Errorf("a text is cut to %d bytes, although there are parts to drop", c.shortest)
	}
	for _, l := range c.lost {
		if free < 40 { // no event is so small
			break
		}
		if need := c.need(l, protocol) + 8; need <= free {
			c.t.Errorf("an event of %d bytes is dropped with %d free", need, free)
		}
	}
	if c.cut > 0 && free > (utf8.UTFMax+1)*c.cut {
		c.t.Errorf("%d bytes free, but a text is cut to %d", free, c.shortest)
	}
}

// need is the size of a dropped event with texts of the least length, and without its fields, unless they
// are smaller than the count of them.
func (c *cutCheck) need(l logRecord, protocol string) int {
	var whole, bare sdktrace.Event
	for _, x := range l.Fields {
		text := x.Value.(string)
		text = strings.ToValidUTF8(text[:min(len(text), least)], "")
		switch kv := attribute.String(x.Key, text); {
		case x.Key == "event":
			whole.Name, bare.Name = text, text
		case strings.HasPrefix(x.Key, "exception."):
			whole.Attributes, bare.Attributes = append(whole.Attributes, kv), append(bare.Attributes, kv)
		default:
			whole.Attributes = append(whole.Attributes, kv)
		}
	}
	all, kept := eventSize(whole, protocol), eventSize(bare, protocol)
	if all-kept <= 48 {
		return all
	}
	bare.DroppedAttributeCount = len(whole.Attributes) - len(bare.Attributes)
	return eventSize(bare, protocol)
}

func eventSize(e sdktrace.Event, protocol string) int {
	p := packer(protocol, 0)
	e.Time = epoch
	size := func(events ...sdktrace.Event) int {
		s := base(func(s *tracetest.SpanStub) { s.Events = events })
		return len(p.Pack([]sdktrace.ReadOnlySpan{s.Snapshot()}, new(delivery.Report))[0])
	}
	return size(e, e) - size(e)
}
