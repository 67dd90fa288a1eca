package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// demoRequests holds one request of each kind.
var demoRequests = []struct {
	what, method, path string
	status             int
	traced             bool
}{
	{"an order", http.MethodGet, "/orders/7", 200, true},
	{"an unknown order", http.MethodGet, "/orders/1", 404, true},
	{"an unknown path", http.MethodGet, "/nowhere", 404, true},
	{"a failing checkout", http.MethodPost, "/checkout", 500, true},
	{"a streaming call", http.MethodGet, "/orders/7/watch", 200, true},
	{"an excluded health check", http.MethodGet, "/healthz", 200, false},
}

// demo sends one request of each kind, one after the other, so that their traces do not interleave, and checks
// the responses, the number of traces and the account of their spans.
func (p *program) demo(ctx context.Context, s serving) error {
	p.announce(s)
	fmt.Fprintln(p.out)
	for _, request := range demoRequests {
		fmt.Fprintf(p.out, "%s: %s %s\n", request.what, request.method, request.path)
		before := s.trees.written()
		status, err := send(ctx, request.method, s.url+request.path)
		if err != nil {
			return err
		}
		if status != request.status {
			return fmt.Errorf("%s %s answered %d, want %d", request.method, request.path, status, request.status)
		}
		if err := s.trees.settle(ctx); err != nil {
			return fmt.Errorf("%s %s: a span did not end: %w", request.method, request.path, err)
		}
		if got := s.trees.written() - before; sampledAlways(s) && got != count(request.traced) {
			return fmt.Errorf("%s %s left %d traces, want %d", request.method, request.path, got, count(request.traced))
		}
		if !request.traced {
			fmt.Fprint(p.out, "  no trace\n\n")
		}
	}
	return p.settleAccounts(ctx, s)
}

func count(traced bool) int {
	if traced {
		return 1
	}
	return 0
}

// sampledAlways reports whether every request that is not excluded is recorded.
func sampledAlways(s serving) bool { return s.config.Enabled && s.config.Sampling.SampleRate == 1 }

func send(ctx context.Context, method, url string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// settleAccounts waits until every span is delivered and fails if one was not.
func (p *program) settleAccounts(ctx context.Context, s serving) error {
	if err := bounded(ctx, s.tracing.ForceFlush); err != nil {
		return err
	}
	p.out.show(countsOf(s.tracing))
	p.out.leave()
	for _, x := range s.tracing.Stats().Exporters {
		if x.Delivered != x.Ended {
			return fmt.Errorf("%s: %d of %d spans were not delivered, dropped: %v", x.Name, x.Ended-x.Delivered, x.Ended, x.Dropped)
		}
	}
	return nil
}
