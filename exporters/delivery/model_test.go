package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// capricious answers at random, takes its time at random, and sometimes hangs or panics.
type capricious struct {
	mu      sync.Mutex
	random  *rand.Rand
	arrived map[string]int
}

func (c *capricious) Send(ctx context.Context, p packet) delivery.Outcome {
	c.mu.Lock()
	kind, pause := c.random.IntN(14), time.Duration(c.random.IntN(3000))*time.Millisecond
	c.mu.Unlock()
	time.Sleep(pause)
	switch kind {
	case 0:
		return delivery.Outcome{Verdict: delivery.Rejected}
	case 1:
		return delivery.Outcome{Verdict: delivery.TooLarge, Err: errors.New("413")}
	case 2:
		panic("oh")
	case 3:
		<-ctx.Done()
		return delivery.Outcome{Verdict: delivery.Retry, Err: ctx.Err()}
	case 4, 5:
		return delivery.Outcome{Verdict: delivery.Retry, RetryAfter: 5 * time.Second}
	case 6, 7:
		return delivery.Outcome{Verdict: delivery.Retry}
	case 8:
		return delivery.Outcome{Verdict: delivery.Misconfigured}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range p.names {
		c.arrived[name]++
	}
	return delivery.Outcome{}
}

func (c *capricious) Close(context.Context) error { return nil }

// Whatever the receiver does: the accounts hold at every look, what counts as delivered has
// arrived, each span exactly once as no answer is lost here, and the queue's bytes come back.
func TestAccountsHoldUnderRandomReceivers(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runModel(t, seed) })
		})
	}
}

func runModel(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	c := &capricious{random: rand.New(rand.NewPCG(seed, 2)), arrived: map[string]int{}}
	o := options(&record{})
	o.Senders, o.QueueBytes = 1+random.IntN(4), 200_000
	o.Retry.MaxElapsed = time.Duration(10+random.IntN(100)) * time.Second
	var e delivery.Encoder[packet] = encoder{each: 100, most: 300 + random.IntN(2000)}
	pass, largest := (*delivery.Exporter).Enqueue, 200_000-512-3-65
	if together, _ := e.(encoder); seed%2 == 1 {
		e, pass, largest = atEnd{encoder: together}, (*delivery.Exporter).Take, 196_608-len("big k=")
	}
	x := delivery.New(e, c, o)
	for i := range 2000 {
		pass(x, span(fmt.Sprint(i), attribute.Int("i", i)))
		switch random.IntN(100) {
		case 0:
			time.Sleep(time.Duration(random.IntN(5000)) * time.Millisecond)
		case 1:
			balanced(t, x)
		case 2:
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(3000))*time.Millisecond)
			_ = x.ForceFlush(ctx)
			cancel()
		}
	}
	if random.IntN(2) == 0 { // let it drain, then see that the whole queue is free again
		time.Sleep(10 * time.Hour)
		if got := balanced(t, x); got.Queued != 0 {
			t.Errorf("queued %d after ten hours, want 0", got.Queued)
		}
		pass(x, span("big", attribute.String("k", strings.Repeat("x", largest))))
		if got := balanced(t, x); got.Queued != 1 {
			t.Errorf("a span as large as the queue does not fit: %v", got.Dropped)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(60))*time.Second)
	defer cancel()
	_ = x.Shutdown(ctx)
	defer time.Sleep(time.Minute) // for attempts that were given up on
	got := balanced(t, x)
	if got.Queued != 0 {
		t.Errorf("queued %d after Shutdown, want 0", got.Queued)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range c.arrived {
		if n != 1 {
			t.Errorf("span %s arrived %d times, want once", name, n)
		}
	}
	if len(c.arrived) != int(got.Delivered) && got.Dropped["shutdown"] == 0 {
		t.Errorf("%d spans arrived, %d are counted", len(c.arrived), got.Delivered)
	}
}
