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
// An exporter that does all this itself is put behind the same queue by [Wrap].
//
// # What is promised
//
// Handing over a span never blocks, encodes or logs; it costs well under a microsecond and
// allocates nothing. A span that refers to more than it shows, such as one with a tracestate, is
// copied first, see [Own]. What is queued is bounded in bytes, and what it keeps alive is what it
// is charged, see [Cost]; payloads that are being sent come on top, at most one per sender and of
// the size of the encoder's limit. Delivery is at least once: an answer
// that is lost leads to a second attempt. A destination shares nothing with another: one that
// hangs, is full or panics changes neither the latency nor the drops of its neighbours.
//
// At every instant the accounts of [Stats] hold: ended = delivered + dropped + queued. Each
// span that does not arrive is counted, with its reason.
//
// # How it is built
//
// The queue, the accounts, the backoff and the log state of a destination are one monitor with
// one lock, which is never held while an encoder, a sender or a log handler runs. Channels
// between the parts were tried on paper and given up: a snapshot that has to add up at every
// instant needs one lock anyway. Log lines are written by a goroutine of their own, because
// handlers block.
//
// A payload that has to be retried stays with the goroutine that sends it. That goroutine and
// the others queue up at a gate; after a failure the gate admits one probe at a time, the one
// that has waited longest, so that a payload the receiver always fails on cannot keep the
// others out. An attempt that was under way when another failed neither opens the gate nor
// counts as a second failure.
//
// The queue's bound is on an estimate of what spans keep alive, since measuring would mean
// encoding. A bound in spans is there for those who set Options.MaxQueueSize. The SDK's BatchSpanProcessor is not used at all: it drops without counting, its
// queue of 2048 spans overflows within a millisecond of a busy program, and one export that
// hangs stops it.
//
// OnEnd of a span processor calls Enqueue. ExportSpans is there so that a destination works
// behind any other span processor, too.
package delivery
