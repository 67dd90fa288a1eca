package mw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/spanroute/spanroute/internal/spantest"
	"github.com/spanroute/spanroute/mw"
)

// A caller gets the error that an http.Client without Transport gives it, and the span has an error, too.
func TestBrokenRoundTripper(t *testing.T) {
	fault := errors.New("fault")
	response := func(length int64) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: 200, ContentLength: length, Header: http.Header{}, Request: r}
		}
	}
	none := func(*http.Request) *http.Response { return nil }
	tests := []struct {
		name, method string
		response     func(*http.Request) *http.Response
		err          error
		errorType    string // "" without an error
	}{
		{"nil Body with a content length", "GET", response(1), nil, "_OTHER"},
		{"nil Body of unknown length", "GET", response(-1), nil, ""},
		{"nil Body without content", "GET", response(0), nil, ""},
		{"nil Body of HEAD", "HEAD", response(1), nil, ""},
		{"nil response", "GET", none, nil, "_OTHER"},
		{"nil Body and an error", "GET", response(1), fault, "*errors.errorString"},
		{"error", "GET", none, fault, "*errors.errorString"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := tripper(func(r *http.Request) (*http.Response, error) { return tt.response(r), tt.err })
			rec := spantest.NewRecorder(t)
			traced := mw.NewTransport(base, mw.With(rec.Tracing()))
			log.SetOutput(io.Discard) // the Client logs a response with an error
			t.Cleanup(func() { log.SetOutput(os.Stderr) })
			want := clientResult(t, base, tt.method)
			for name, client := range map[string]http.RoundTripper{
				"traced": traced, "twice": mw.NewTransport(traced, mw.With(rec.Tracing())),
				"excluded":  mw.NewTransport(base, mw.WithExclude(func(*http.Request) bool { return true })),
				"unsampled": mw.NewTransport(base, mw.WithTracerProvider(neverSampled(t))),
			} {
				rec.Reset()
				if got := clientResult(t, client, tt.method); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
				for _, s := range rec.Spans() {
					wantAttrs(t, s, map[string]string{"error.type": tt.errorType})
				}
			}
		})
	}
}

// clientResult is what a caller of an http.Client gets from rt.
func clientResult(t *testing.T, rt http.RoundTripper, method string) string {
	t.Helper()
	res, err := (&http.Client{Transport: rt}).Do(outgoing(t, method, "http://h/", nil))
	if err != nil {
		return "error " + err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %q %v", res.StatusCode, body, err)
}

// Without a span there is nothing to put in the place of the trace headers that the caller set by hand.
func TestTraceHeadersStayWithoutSpan(t *testing.T) {
	var sent http.Header
	rt := mw.NewTransport(tripper(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return answer(200, "")(r)
	}), mw.WithTracerProvider(noop.NewTracerProvider()), mw.WithPropagator(propagation.TraceContext{}))
	r := outgoing(t, "GET", "http://h/", nil)
	r.Header.Set("Traceparent", "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01")
	res, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := sent.Get("Traceparent"); got != r.Header.Get("Traceparent") {
		t.Errorf("traceparent = %q, want the caller's", got)
	}
}

func TestOutgoingRequest(t *testing.T) {
	t.Run("headers", func(t *testing.T) {
		r := outgoing(t, "GET", "http://h/", nil)
		r.Header = http.Header{"Traceparent": {"old"}, "traceparent": {"older"}, "Tracestate": {"old=1"}, "X-A": {"1"}}
		var wire http.Header
		got, _ := call(t, tripper(func(out *http.Request) (*http.Response, error) {
			wire = out.Header
			return answer(200, "")(out)
		}), r)
		want := fmt.Sprintf("00-%s-%s-01", got.SpanContext().TraceID(), got.SpanContext().SpanID())
		if fmt.Sprint(wire) != fmt.Sprint(http.Header{"Traceparent": {want}, "X-A": {"1"}}) {
			t.Errorf("wire has %v, want one traceparent %s", wire, want)
		}
		if len(r.Header) != 4 || r.Header.Get("Traceparent") != "old" {
			t.Errorf("the caller's headers became %v", r.Header)
		}
	})
	t.Run("excluded", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		ctx, parent := rec.Tracer("user").Start(t.Context(), "parent")
		var wire http.Header
		var marked bool
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://h/", nil)
		base := mw.NewTransport(tripper(func(out *http.Request) (*http.Response, error) {
			wire, marked = out.Header, out.Context() != ctx
			return answer(200, "")(out)
		}), mw.With(rec.Tracing()))
		res, err := mw.NewTransport(base, mw.With(rec.Tracing()), mw.WithExclude(func(*http.Request) bool { return true })).RoundTrip(r)
		if err != nil || res.Request != r {
			t.Errorf("response of %p, error %v; want the caller's request", res.Request, err)
		}
		_ = res.Body.Close()
		parent.End()
		if got, want := wire.Get("Traceparent"), "00-"+parent.SpanContext().TraceID().String(); !strings.HasPrefix(got, want) ||
			!strings.HasSuffix(got, "-00") || !marked {
			t.Errorf("traceparent = %q, want the trace of the parent, unsampled", got)
		}
		rec.Wait(t, 1)
	})
	t.Run("NoBody", func(t *testing.T) {
		r := outgoing(t, "POST", "http://h/", http.NoBody)
		call(t, tripper(func(out *http.Request) (*http.Response, error) {
			if out.Body != http.NoBody || out.ContentLength != 0 {
				t.Errorf("body %v, length %d; want NoBody, 0", out.Body, out.ContentLength)
			}
			return answer(200, "")(out)
		}), r, mw.WithBodySizes())
	})
	t.Run("nil base", func(t *testing.T) {
		before := http.DefaultTransport
		defer func() { http.DefaultTransport = before }()
		used := false
		http.DefaultTransport = tripper(func(r *http.Request) (*http.Response, error) {
			used = true
			return answer(200, "")(r)
		})
		call(t, nil, outgoing(t, "GET", "http://h/", nil))
		if !used {
			t.Error("http.DefaultTransport was not used")
		}
	})
	t.Run("nil URL", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		fails := tripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no URL") })
		if _, err := mw.NewTransport(fails, mw.With(rec.Tracing())).RoundTrip(new(http.Request)); err == nil {
			t.Error("no error")
		}
		rec.Wait(t, 0)
	})
	t.Run("response of the caller's request", func(t *testing.T) {
		rec := spantest.NewRecorder(t)
		r := outgoing(t, "GET", "http://h/", nil)
		res, _ := mw.NewTransport(answer(200, ""), mw.With(rec.Tracing())).RoundTrip(r)
		if res.Request != r {
			t.Error("Response.Request is not the request that was sent")
		}
		_ = res.Body.Close()
	})
}

func TestRedirects(t *testing.T) {
	var bodies []string
	srv := quietServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(b))
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		}
	}))
	srv.Start()
	for _, tt := range []struct {
		name string
		body io.Reader
	}{
		{"known length", strings.NewReader("hello")},
		{"unknown length", unknownLength{strings.NewReader("hello")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bodies = nil
			rec := spantest.NewRecorder(t)
			ctx, parent := rec.Tracer("user").Start(t.Context(), "parent")
			r, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/old", tt.body)
			if r.GetBody == nil {
				r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }
			}
			fetch(t, &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing()), mw.WithBodySizes())}, r)
			parent.End()
			if fmt.Sprint(bodies) != "[hello hello]" {
				t.Errorf("bodies = %q, want hello twice", bodies)
			}
			spans := spantest.Of(rec.Wait(t, 3), trace.SpanKindClient)
			for i, s := range spans {
				resends := ""
				if i == 1 {
					resends = "1"
				}
				wantAttrs(t, s, map[string]string{"http.request.body.size": "5", "http.request.resend_count": resends})
				if s.Parent().SpanID() != parent.SpanContext().SpanID() {
					t.Error("the hops are not siblings below the caller's span")
				}
			}
		})
	}
}

func TestOneRequestTwice(t *testing.T) {
	srv := quietServer(t, status(200))
	srv.Start()
	rec := spantest.NewRecorder(t)
	c := &http.Client{Transport: mw.NewTransport(srv.Client().Transport, mw.With(rec.Tracing()), mw.WithBodySizes())}
	r := outgoing(t, "GET", srv.URL, nil)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if res, err := c.Transport.RoundTrip(r); err == nil {
				_ = res.Body.Close()
			}
		})
	}
	both.Wait()
	rec.Wait(t, 2)
}

func TestWrappedTwice(t *testing.T) {
	rec := spantest.NewRecorder(t)
	traced := func(base http.RoundTripper) http.RoundTripper { return mw.NewTransport(base, mw.With(rec.Tracing())) }
	send := func(rt http.RoundTripper, url string) {
		res, err := rt.RoundTrip(outgoing(t, "GET", url, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	t.Run("directly", func(t *testing.T) {
		send(traced(traced(answer(200, ""))), "http://h/")
		rec.Wait(t, 1)
		rec.Reset()
	})
	t.Run("another between, and another request on its context", func(t *testing.T) {
		inner := traced(answer(200, ""))
		send(traced(tripper(func(r *http.Request) (*http.Response, error) {
			login, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://login/", nil)
			if res, err := inner.RoundTrip(login); err == nil {
				_ = res.Body.Close()
			}
			return inner.RoundTrip(r.Clone(r.Context()))
		})), "http://h/")
		rec.Wait(t, 2)
		rec.Reset()
	})
	t.Run("the same request again, on the context of one that is over", func(t *testing.T) {
		var over context.Context
		rt := traced(tripper(func(r *http.Request) (*http.Response, error) {
			over = r.Context()
			return answer(200, "")(r)
		}))
		send(rt, "http://h/")
		res, err := rt.RoundTrip(outgoing(t, "GET", "http://h/", nil).WithContext(over))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		rec.Wait(t, 2)
	})
}

func TestCloseIdleConnections(t *testing.T) {
	base := new(closer)
	(&http.Client{Transport: mw.NewTransport(base)}).CloseIdleConnections()
	if !base.closed {
		t.Error("the base was not told")
	}
	mw.NewTransport(answer(200, "")).CloseIdleConnections()
}

type closer struct {
	http.RoundTripper
	closed bool
}

func (c *closer) CloseIdleConnections() { c.closed = true }
