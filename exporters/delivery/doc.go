// Package delivery gets finished spans to a receiver: it queues, encodes, sends, splits,
// retries and accounts, so that an exporter is left with its format and one attempt.
//
// An exporter brings an [Encoder], which packs spans into payloads, and a [Sender], which makes
// one attempt with a payload and returns its result. [New] makes a destination of the two:
//
//	type Lines struct{ *bytes.Buffer; n int }              // a Payload: Spans and Size
//
//	func (encoder) Encode(spans []sdktrace.ReadOnlySpan, r *delivery.Report) []Lines
//	func (sender) Send(ctx context.Context, p Lines) delivery.Outcome {
//		resp, err := post(ctx, p)
//		switch {
//		case err != nil:
//			return delivery.Outcome{Verdict: delivery.Retry, Err: err}
//		case resp.StatusCode/100 == 2:
//			return delivery.Outcome{}
//		default:
//			return delivery.Outcome{Verdict: delivery.Rejected, Err: errors.New(resp.Status)}
//		}
//	}
//
//	return delivery.New(encoder{}, sender{}, common.Delivery), nil // in a registry.Factory's build
//
// An encoder of a format in which a span can be encoded by itself is better a [SpanEncoder]: the queue then holds bytes
// instead of spans. An exporter that does all this itself is put behind the same queue by [Wrap].
//
// # Guarantees
//
// Enqueue never blocks, encodes or logs. It takes well under a microsecond and does not allocate, except for a span that
// refers to more than it shows, such as one with a tracestate: that span is copied, see [Own]. Take encodes the span, and
// does not block or log either. The queue is bounded in
// bytes, by an estimate of what its spans keep in memory, see [Cost]. Payloads that are being sent come on top: one for each
// sender goroutine, of the size of the encoder's limit. Delivery is at least once, because a lost answer leads to a second
// attempt. Destinations share nothing: one that hangs, is full or panics changes neither the latency nor the drops of
// another.
//
// The account of [Stats] balances at every instant: ended = delivered + dropped + queued, with terms for the spool. Each span
// that is not delivered is counted with a reason.
//
// # How it works
//
// See [Exporter] for the monitor at the center. Channels in place of its lock would not do: a snapshot that adds up at every
// instant needs one lock in any case. Log lines are written by a goroutine of their own, because handlers block.
//
// A payload that needs another attempt stays with its sender goroutine. After a failure all sender goroutines wait in line
// at the breaker, which lets the one that has waited longest make the next attempt. So a payload that always fails cannot
// keep the others from being sent. Nor can it hold its sender goroutine: it is set aside, see quarantine. The result of an
// attempt that was under way when another one failed neither releases the others nor counts as a second failure.
//
// With a [Spool], payloads that cannot be sent now are kept on disk. A goroutine of its own writes them, see spillLoop, and
// another one sends what is there, see replayLoop. The sender goroutines hand over a payload that fails once, so that the
// payloads of an outage leave the spool in order.
//
// The SDK's BatchSpanProcessor is not used. It drops spans without counting them, a busy program fills its queue of 2048
// spans within a millisecond, and one export that hangs stops it. To put a destination behind another span processor, use
// ExportSpans.
package delivery
