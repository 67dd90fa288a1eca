package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/spanroute/spanroute/exporters/delivery"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// lines is a payload: one span name per line.
type lines struct {
	text  []byte
	spans int
}

func (l lines) Spans() int { return l.spans }
func (l lines) Size() int  { return len(l.text) }

// lineEncoder is a whole format.
type lineEncoder struct{}

func (lineEncoder) Encode(spans []sdktrace.ReadOnlySpan, _ *delivery.Report) []lines {
	var l lines
	for _, s := range spans {
		l.text = append(append(l.text, s.Name()...), '\n')
		l.spans++
	}
	return []lines{l}
}

func (lineEncoder) Split(l lines) (a, b lines, ok bool) {
	if l.spans < 2 {
		return l, l, false
	}
	at := 0
	for range l.spans / 2 {
		at += bytes.IndexByte(l.text[at:], '\n') + 1
	}
	return lines{l.text[:at], l.spans / 2}, lines{l.text[at:], l.spans - l.spans/2}, true
}

// lineSender is one attempt over HTTP.
type lineSender struct {
	client *http.Client
	url    string
}

func (s lineSender) Send(ctx context.Context, l lines) delivery.Outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(l.text))
	if err != nil {
		return delivery.Outcome{Verdict: delivery.Rejected, Err: err}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return delivery.Outcome{Verdict: delivery.Retry, Err: err, Hint: delivery.Hint(delivery.Attempt{Err: err, Endpoint: s.url})}
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode/100 == 2:
		return delivery.Outcome{Verdict: delivery.Delivered}
	case resp.StatusCode == http.StatusServiceUnavailable:
		return delivery.Outcome{Verdict: delivery.Retry, Err: errors.New(resp.Status)}
	default:
		return delivery.Outcome{Verdict: delivery.Rejected, Err: errors.New(resp.Status)}
	}
}

func (s lineSender) Close(context.Context) error {
	s.client.CloseIdleConnections()
	return nil
}

// A format and one attempt are all an exporter has to write; here the receiver is busy at first.
func ExampleNew() {
	busy := true
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy {
			busy = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s", body)
	}))
	defer receiver.Close()

	exporter := delivery.New(lineEncoder{}, lineSender{receiver.Client(), receiver.URL}, delivery.Options{ID: "lines", Logger: quiet})
	exporter.Enqueue(span("GET /users/{id}"))
	exporter.Enqueue(span("GET /orders"))
	if err := exporter.Shutdown(context.Background()); err != nil {
		fmt.Println(err)
	}
	stats := exporter.Stats()
	fmt.Println("ended", stats.Ended, "delivered", stats.Delivered, "retries", stats.Retries)
	// Output:
	// GET /users/{id}
	// GET /orders
	// ended 2 delivered 2 retries 1
}
