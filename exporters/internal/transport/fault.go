package transport

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spanroute/spanroute/exporters/delivery"
)

// fault classifies an attempt without an answer. If the context has ended, its cause is the error: net/http reports a
// cancelled request in many words, none of which names the time limit.
func (h *HTTP) fault(ctx context.Context, err error) delivery.Outcome {
	var outer *url.Error // contains the URL, which may hold secrets in its query
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if ctx.Err() != nil {
		err = noAnswer(ctx)
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: delivery.Hint(h.seen(delivery.Attempt{Err: err}))}
	}
	verdict, hint := diagnose(err.Error())
	if hint == "" {
		hint = delivery.Hint(h.seen(delivery.Attempt{Err: err}))
	}
	return delivery.Outcome{Verdict: verdict, Err: bounded(h.secrets, err), Hint: hint}
}

// noAnswer returns the error of an attempt that its context has ended.
func noAnswer(ctx context.Context) error {
	return fmt.Errorf("no answer: %w", context.Cause(ctx))
}
