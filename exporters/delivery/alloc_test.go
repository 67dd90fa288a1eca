//go:build !race

package delivery_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// Enqueue allocates nothing per span: not while the queue has room, beyond a chunk every 256
// spans that is used again, and not when it is full.
func TestEnqueueAllocatesNothing(t *testing.T) {
	one := span("GET /users/{id}", attribute.String("http.route", "/users/{id}"), attribute.Int("http.status_code", 200))
	for name, bytes := range map[string]int64{"room": 0, "full": 1000} {
		o := options(&record{})
		o.QueueBytes, o.BatchDelay = bytes, time.Hour
		x := delivery.New(encoder{each: 1}, &sender{}, o)
		x.Enqueue(one)
		if got := testing.AllocsPerRun(10000, func() { x.Enqueue(one) }); got != 0 {
			t.Errorf("%s: %v allocations per Enqueue, want 0", name, got)
		}
		finish(t, x)
	}
}
