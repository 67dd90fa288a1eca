//go:build !race

package delivery_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Enqueue allocates nothing per span: not while the queue has room, beyond a chunk every 255
// spans that is used again, and not when it is full.
func TestEnqueueAllocatesNothing(t *testing.T) {
	one := span("GET /users/{id}", attribute.String("http.route", "/users/{id}"), attribute.Int("http.status_code", 200))
	for name, bytes := range map[string]int64{"room": 0, "full": 1000} {
		o := options(&record{})
		o.QueueBytes, o.BatchDelay, o.BatchSize = bytes, time.Hour, 1<<20 // no sender runs meanwhile
		x := delivery.New(encoder{each: 1}, &sender{}, o)
		x.Enqueue(one)
		if got := testing.AllocsPerRun(10000, func() { x.Enqueue(one) }); got != 0 {
			t.Errorf("%s: %v allocations per Enqueue, want 0", name, got)
		}
		finish(t, x)
	}
}

// Take allocates nothing per span, beyond a block for many spans.
func TestTakeAllocatesNothing(t *testing.T) {
	o := options(&record{})
	o.BatchDelay, o.BatchSize = time.Hour, 1<<20
	x, one := delivery.New(constant{}, &sender{}, o), span("x")
	if got := testing.AllocsPerRun(10000, func() { x.Take(one) }); got != 0 {
		t.Errorf("%v allocations per Take, want 0", got)
	}
	finish(t, x)
}

// constant encodes every span as the same bytes.
type constant struct{ encoder }

func (constant) EncodeSpan(buf []byte, _ sdktrace.ReadOnlySpan, _ *delivery.Report) ([]byte, any) {
	return append(buf, "a span"...), nil
}

func (constant) Pack(list []delivery.EncodedSpan, _ *delivery.Report) []packet {
	return []packet{{names: make([]string, len(list))}}
}
