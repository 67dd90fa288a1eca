package jaeger

import (
	"context"
	"errors"
	"os"
	"syscall"

	"golang.org/x/time/rate"
)

// burst is how many bytes may go out at once before pacing sets in.
const burst = 32 << 10

// A pace bounds the rate of packets, because a receive buffer of 208 KiB, the default of Linux, overflows long before the
// processor of the receiver is busy. When the sender's own buffers are full, the rate is halved; each packet that is sent
// raises it again by a small part, up to the configured rate. Only the goroutine that sends uses it.
type pace struct {
	limiter *rate.Limiter
	full    rate.Limit // bytes per second
}

// How far the pace falls, and by which part of the full one a packet that was sent raises it again.
const (
	slowest  = 1.0 / 256
	recovery = 1.0 / 128
)

// newPace lets packets of up to largest bytes pass. It returns nil, which does not pace, for no rate.
func newPace(bytesPerSecond int64, largest int) *pace {
	if bytesPerSecond <= 0 {
		return nil
	}
	full := rate.Limit(bytesPerSecond)
	return &pace{rate.NewLimiter(full, max(burst, largest)), full}
}

// wait waits until n bytes may go out.
func (p *pace) wait(ctx context.Context, n int) error {
	if p == nil {
		return nil
	}
	return p.limiter.WaitN(ctx, n)
}

// sent raises a pace that was slowed down.
func (p *pace) sent() {
	if p != nil && p.limiter.Limit() < p.full {
		p.limiter.SetLimit(min(p.full, p.limiter.Limit()+p.full*recovery))
	}
}

// failed halves the pace if err is for want of room in the sender's buffers.
func (p *pace) failed(err error) {
	if p != nil && (errors.Is(err, os.ErrDeadlineExceeded) || isErrno(err, syscall.ENOBUFS, syscall.EAGAIN, windowsNoBuffers)) {
		p.limiter.SetLimit(max(p.full*slowest, p.limiter.Limit()/2))
	}
}
